use std::io::Write;
use std::time::{Duration, Instant};

use apptoken_core::Endpoint;
use apptoken_transport_conformance::check_time_limit;
use apptoken_transport_ureq::UreqTransport;

use crate::support::{LONG, SHORT, Server, cause, nowhere, read_request, reply, send, wait_for_close};

fn hurried() -> UreqTransport {
    UreqTransport::builder().total_timeout(SHORT).build().unwrap()
}

#[test]
fn a_silent_server_is_given_up() {
    let start = Instant::now();
    assert_eq!(check_time_limit(|_: &Endpoint| hurried()), Ok(()));
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG, "{:?}", start.elapsed());
}

#[test]
fn a_reply_that_stalls_is_given_up() {
    let server = Server::new(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ks\":\"djJ8").unwrap();
        wait_for_close(stream);
    });
    let failure = send(&hurried(), &server.endpoint()).unwrap_err();
    assert!(!failure.is_not_sent());
    assert_eq!(cause(&failure), "timeout: global");
    server.finish();
}

#[test]
fn a_handshake_that_stalls_is_given_up_with_nothing_sent() {
    let server = Server::new(wait_for_close);
    let transport = UreqTransport::builder().connect_timeout(SHORT).build().unwrap();
    let endpoint = Endpoint::parse(&format!("https://{}", server.authority())).unwrap();
    let failure = send(&transport, &endpoint).unwrap_err();
    assert!(failure.is_not_sent());
    assert!(cause(&failure).ends_with("timeout: connect"), "{}", cause(&failure));
    server.finish();
}

#[test]
fn a_silent_proxy_is_given_up_with_nothing_sent() {
    let proxy = Server::new(wait_for_close);
    let transport = UreqTransport::builder().connect_timeout(SHORT).proxy(format!("http://{}", proxy.authority()));
    let failure = send(&transport.build().unwrap(), &nowhere()).unwrap_err();
    assert!(failure.is_not_sent());
    proxy.finish();
}

#[test]
fn the_longest_time_is_no_time_too_long() {
    let transport =
        UreqTransport::builder().connect_timeout(Duration::MAX).total_timeout(Duration::MAX).build().unwrap();
    let server = Server::answering(reply(b"true"));
    assert_eq!(send(&transport, &server.endpoint()).unwrap().body(), b"true");
    server.finish();
}
