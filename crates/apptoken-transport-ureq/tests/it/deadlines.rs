//! Every phase of a request ends at its deadline, even if a peer sends one byte at a time forever.

use std::io::{Read, Write};
use std::iter::repeat_n;
use std::net::TcpStream;
use std::time::Duration;

use apptoken_core::{Endpoint, Transport as _, TransportFailure};
use apptoken_transport_ureq::{UreqTransport, UreqTransportBuilder};
use rustls::{ServerConnection, StreamOwned};

use crate::support::{Server, cause, drip, in_time, large_exchange, nowhere, pause, read_head, read_request, send};
use crate::tls::{certificate, https};

/// A limit that is reached while the peer still sends.
const LIMIT: Duration = Duration::from_millis(300);
/// The pause between two bytes.
const PACE: Duration = Duration::from_millis(5);

/// More bytes than any test receives.
fn endless(start: &'static [u8], byte: u8) -> impl Iterator<Item = u8> {
    start.iter().copied().chain(repeat_n(byte, 100_000))
}

fn paced(stream: &TcpStream) {
    stream.set_read_timeout(Some(PACE)).unwrap();
}

/// A server that reads the request and then does this.
fn after_request(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Server<()> {
    Server::new(|mut stream| {
        read_request(&mut stream);
        paced(&stream);
        answer(&mut stream);
    })
}

fn limited() -> UreqTransport {
    UreqTransport::builder().total_timeout(LIMIT).build().unwrap()
}

fn fail(transport: UreqTransport, endpoint: Endpoint) -> TransportFailure {
    in_time(move || send(&transport, &endpoint)).unwrap_err()
}

/// Both timeouts apply to each step of connecting.
fn fail_to_connect<R: Send + 'static>(
    peer: impl Fn() -> Server<R>,
    transport: impl Fn(&Server<R>) -> (UreqTransportBuilder, Endpoint),
) {
    for (limit, reason) in [("total", "timeout: global"), ("connect", "timeout: connect")] {
        let peer = peer();
        let (builder, endpoint) = transport(&peer);
        let builder = if limit == "total" { builder.total_timeout(LIMIT) } else { builder.connect_timeout(LIMIT) };
        let failure = fail(builder.build().unwrap(), endpoint);
        assert!(failure.is_not_sent(), "{limit}");
        assert!(cause(&failure).ends_with(reason), "{limit}: {}", cause(&failure));
        peer.finish();
    }
}

/// A proxy that answered a byte every 30 ms held a call with limits of 1.5 s and 3 s for 300 s: ureq spent the whole
/// limit on each read.
#[test]
fn a_tunnel_answer_that_drips_ends_in_time() {
    let answers: [&[u8]; 3] = [b"H", b"HTTP/1.1 200 OK\r\nX-Filler: ", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"];
    for answer in answers {
        fail_to_connect(
            || {
                Server::new(move |mut stream| {
                    read_head(&mut stream);
                    paced(&stream);
                    drip(&mut stream, endless(answer, b'x'));
                })
            },
            |proxy| (UreqTransport::builder().proxy(format!("http://{}", proxy.authority())), nowhere()),
        );
    }
}

#[test]
fn endless_interim_answers_of_a_proxy_end_in_time() {
    fail_to_connect(
        || {
            Server::new(|mut stream| {
                read_head(&mut stream);
                paced(&stream);
                drip(&mut stream, b"HTTP/1.1 102 Processing\r\n\r\n".repeat(4000));
            })
        },
        |proxy| (UreqTransport::builder().proxy(format!("http://{}", proxy.authority())), nowhere()),
    );
}

/// The start of a TLS record of 16 KiB, with a handshake message in it.
const SERVER_HELLO: &[u8] = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03";

fn drip_a_handshake() -> Server<()> {
    Server::new(|mut stream| {
        paced(&stream);
        drip(&mut stream, endless(SERVER_HELLO, 0));
    })
}

#[test]
fn a_handshake_that_drips_ends_in_time() {
    fail_to_connect(drip_a_handshake, |server| (UreqTransport::builder(), https(server)));
}

#[test]
fn a_handshake_of_a_proxy_that_drips_ends_in_time() {
    fail_to_connect(drip_a_handshake, |proxy| {
        (UreqTransport::builder().proxy(format!("https://{}", proxy.authority())), nowhere())
    });
}

#[test]
fn a_handshake_through_a_tunnel_that_drips_ends_in_time() {
    let peer = || {
        Server::new(|mut stream| {
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            paced(&stream);
            drip(&mut stream, endless(SERVER_HELLO, 0));
        })
    };
    let kaltura = Endpoint::parse("https://kaltura.example.org").unwrap();
    fail_to_connect(peer, |proxy| {
        (UreqTransport::builder().proxy(format!("http://{}", proxy.authority())), kaltura.clone())
    });
}

fn send_large(transport: &UreqTransport, endpoint: &Endpoint) -> TransportFailure {
    let exchange = large_exchange(endpoint);
    let transport = transport.clone();
    in_time(move || transport.send(exchange.request())).unwrap_err()
}

#[test]
fn a_request_that_nobody_reads_ends_in_time() {
    // Connections stay in the queue of this listener.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let failure = send_large(&limited(), &endpoint);
    assert!(!failure.is_not_sent());
    assert_eq!(cause(&failure), "timeout: global");
}

#[test]
fn a_request_that_is_read_in_drops_ends_in_time() {
    let server = Server::new(|mut stream| {
        // Nothing is received here, so the read timeout is the pause.
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
            let _ = never.recv_timeout(PACE);
        }
    });
    let failure = send_large(&limited(), &server.endpoint());
    assert!(!failure.is_not_sent());
    assert_eq!(cause(&failure), "timeout: global");
}

#[test]
fn a_reply_that_drips_ends_in_time() {
    let starts: [&[u8]; 9] = [
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nX-Filler: ",
        b"HTTP/1.1 103 Early Hints\r\nX-Filler: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15f90\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
        // The start of a gzip header, whose next field is an endless name.
        b"HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff",
    ];
    for start in starts {
        let server = Server::new(|mut stream| {
            read_request(&mut stream);
            stream.write_all(start).unwrap();
            paced(&stream);
            drip(&mut stream, repeat_n(b'1', 100_000));
        });
        let failure = fail(limited(), server.endpoint());
        assert!(!failure.is_not_sent());
        assert_eq!(cause(&failure), "timeout: global", "{}", String::from_utf8_lossy(start));
        server.finish();
    }
}

#[test]
fn endless_interim_replies_end_in_time() {
    let server =
        after_request(
            |stream| {
                while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() && pause(stream).is_ok() {}
            },
        );
    let failure = fail(limited(), server.endpoint());
    assert_eq!(cause(&failure), "timeout: global");
    server.finish();
}

/// Each byte is in a separate record.
#[test]
fn a_reply_that_drips_within_tls_ends_in_time() {
    let (pem, config) = certificate("127.0.0.1");
    let server = Server::new(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        read_request(&mut stream);
        paced(&stream.sock);
        drip(&mut stream, endless(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b'1'));
    });
    let builder = UreqTransport::builder().root_certificates(pem).total_timeout(LIMIT * 3);
    let failure = fail(builder.build().unwrap(), https(&server));
    assert!(!failure.is_not_sent());
    assert_eq!(cause(&failure), "timeout: global");
    server.finish();
}
