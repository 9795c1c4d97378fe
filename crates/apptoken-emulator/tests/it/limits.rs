//! Limits for large, slow and many requests.

use std::io::Write;
use std::time::Duration;

use apptoken_emulator::{Emulator, Limits, Options};
use apptoken_transport_fake::Fake;

use crate::client::Client;
use crate::life::{PING, with};

const SHORT: Duration = Duration::from_millis(50);

fn emulator(change: impl FnOnce(&mut Limits)) -> Emulator {
    Options::new().limits(with(change)).start(Fake::new()).unwrap()
}

fn assert_alive(emulator: &Emulator) {
    assert_eq!(Client::connect(emulator).get(PING).text(), "true");
}

#[test]
fn a_declared_length_above_the_limit_is_rejected_unread() {
    let emulator = emulator(|limits| limits.body_bytes = 1_000);
    let mut client = Client::connect(&emulator);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 413);
    assert_alive(&emulator);
}

#[test]
fn a_body_of_the_maximum_size_is_accepted() {
    let emulator = emulator(|limits| limits.body_bytes = 1_000);
    assert_eq!(Client::connect(&emulator).post(PING, &" ".repeat(1_000)).text(), "true");
}

#[test]
fn the_form_of_an_upload_has_a_limit_of_its_own() {
    let emulator = emulator(|limits| {
        limits.body_bytes = 1_000;
        limits.upload_bytes = 2_000;
    });
    let upload = "/api_v3/service/uploadtoken/action/upload";
    for (path, kind, length, expected) in [
        (upload, "multipart/form-data; boundary=b", 2_000, 100),
        (upload, "multipart/form-data; boundary=b", 2_001, 413),
        (upload, "application/json", 1_001, 413),
        (PING, "multipart/form-data; boundary=b", 1_001, 413),
    ] {
        let mut client = Client::connect(&emulator);
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        ));
        assert_eq!(client.head().unwrap().status, expected, "{path} {kind} {length}");
    }
}

#[test]
fn a_client_that_keeps_sending_gets_the_error() {
    let emulator = emulator(|limits| (limits.body_bytes, limits.linger_time) = (1_000, Duration::from_secs(20)));
    let mut client = Client::connect(&emulator);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
    client.send(vec![b'x'; 50_000_000]);
    assert_eq!(client.reply().unwrap().status, 413);
}

#[test]
fn a_chunked_body_above_the_limit_is_rejected() {
    let emulator = emulator(|limits| limits.body_bytes = 1_000);
    let mut client = Client::connect(&emulator);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..100 {
        client.send(format!("64\r\n{}\r\n", "x".repeat(100)));
    }
    assert_eq!(client.reply().unwrap().status, 413);
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn only_an_accepted_body_gets_100_continue() {
    let emulator = emulator(|limits| limits.body_bytes = 1_000);
    for (length, expected) in [(4, 100), (1_001, 413)] {
        let mut client = Client::connect(&emulator);
        client.send(format!(
            "POST {PING} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        ));
        assert_eq!(client.head().unwrap().status, expected);
    }
}

#[test]
fn long_targets_and_headers_are_rejected() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let long = "a".repeat(9_000);
    assert_eq!(Client::connect(&emulator).get(&format!("/{long}")).status, 414);
    let mut client = Client::connect(&emulator);
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "a".repeat(70_000)));
    assert_eq!(client.reply().unwrap().status, 431);
    let mut client = Client::connect(&emulator);
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(200)));
    assert_eq!(client.reply().unwrap().status, 431);
    assert_alive(&emulator);
}

#[test]
fn an_endless_head_ends_the_connection() {
    let emulator = emulator(|limits| limits.linger_time = SHORT);
    let mut client = Client::connect(&emulator);
    client.send("GET / HTTP/1.1\r\n");
    while client.try_send("X-More: and more\r\n".repeat(100)).is_ok() {}
    assert_alive(&emulator);
}

#[test]
fn an_endless_head_times_out() {
    let emulator = emulator(|limits| limits.head_time = SHORT);
    for start in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let mut client = Client::connect(&emulator);
        client.send(start);
        assert_eq!(client.rest().unwrap(), b"", "{start:?}");
    }
}

#[test]
fn an_idle_connection_is_closed() {
    // Long enough for the request, even on a busy machine.
    let emulator = emulator(|limits| limits.head_time = Duration::from_secs(1));
    let mut client = Client::connect(&emulator);
    assert_eq!(client.get(PING).text(), "true");
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn an_endless_body_times_out() {
    let emulator = emulator(|limits| limits.body_time = SHORT);
    let mut client = Client::connect(&emulator);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.reply().unwrap().status, 408);
    assert_eq!(emulator.counts().requests, 0);
}

#[test]
fn a_client_that_reads_nothing_is_disconnected() {
    let emulator = emulator(|limits| limits.write_time = SHORT);
    let mut client = Client::connect(&emulator);
    let requests = format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n").repeat(1_000);
    while client.stream().write_all(requests.as_bytes()).is_ok() {}
    assert_alive(&emulator);
}

#[test]
fn slow_large_bodies_do_not_block_small_requests() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut client = Client::connect(&emulator);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{");
            client
        })
        .collect();
    assert_alive(&emulator);
    drop(slow);
}

#[test]
fn limits_can_be_removed() {
    let emulator = emulator(|limits| {
        (limits.body_bytes, limits.target_bytes, limits.head_bytes) = (usize::MAX, usize::MAX, usize::MAX);
        (limits.head_time, limits.body_time, limits.write_time) = (Duration::MAX, Duration::MAX, Duration::MAX);
        limits.linger_time = Duration::MAX;
        limits.connections = usize::MAX;
    });
    assert_eq!(Client::connect(&emulator).post(PING, "{}").text(), "true");
}

#[test]
fn connections_above_the_limit_wait() {
    let emulator = emulator(|limits| limits.connections = 2);
    let mut first = Client::connect(&emulator);
    let mut second = Client::connect(&emulator);
    first.get(PING);
    second.get(PING);
    let mut third = Client::connect(&emulator);
    third.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n"));
    for _ in 0..10 {
        second.get(PING);
    }
    assert_eq!(emulator.counts().connections, 2);
    drop(first);
    assert_eq!(third.reply().unwrap().text(), "true");
}

#[test]
fn a_thousand_idle_connections_block_no_request() {
    rlimit::increase_nofile_limit(4_096).unwrap();
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut idle: Vec<_> = (0..1_000).map(|_| Client::connect(&emulator)).collect();
    assert_alive(&emulator);
    assert_eq!(idle[0].get(PING).text(), "true");
    assert_eq!(idle[999].get(PING).text(), "true");
}
