//! Replies in raw bytes that a client must accept according to RFC 9110 and 9112.

use apptoken_core::{HttpResponse, TransportFailure};
use apptoken_transport_ureq::UreqTransport;

use crate::support::{Server, send};

fn received(reply: &[u8]) -> Result<HttpResponse, TransportFailure> {
    let server = Server::answering(reply);
    let result = send(&UreqTransport::new(), &server.endpoint());
    server.finish();
    result
}

#[test]
fn every_form_of_a_reply_is_accepted() {
    let replies: [&[u8]; 31] = [
        // Interim replies, RFC 9110, section 15.2.
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 B\r\n\r\nHTTP/1.1 103 C\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        // The status line: with any or no reason phrase, any minor version, RFC 9112, section 4.
        b"HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 Tr\xe8s bien, merci\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.0 200 OK\r\n\r\ntrue",
        // Header names are case-insensitive, whitespace is optional, values can be empty or repeated.
        b"HTTP/1.1 200 OK\r\ncontent-length:4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: \t  4 \t \r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Empty: \r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nVary: Accept\r\nVary: Origin\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~: odd\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nX-Bytes: \x80\xff\r\nContent-Length: 4\r\n\r\ntrue",
        // The body's length, RFC 9112, section 6.3.
        b"HTTP/1.1 200 OK\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nConnection: CLOSE\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0004\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n\r\n",
        // Chunks, RFC 9112, section 7.1.
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding:CHUNKED\r\n\r\n1\r\nt\r\n3\r\nrue\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked \r\n\r\n000004\r\ntrue\r\n000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a\r\ntrue\r\n0;b=c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4 ; a=\"b;c\"\r\ntrue\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\nX-Trailer: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTrailer: A, B\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\nA: b\r\nB: c\r\n\r\n",
        // The caller decides about every success status.
        b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 203 Non-Authoritative Information\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 299 Never Seen\r\nContent-Length: 4\r\n\r\ntrue",
    ];
    for reply in replies {
        let result = received(reply);
        let text = String::from_utf8_lossy(reply);
        assert!(result.as_ref().is_ok_and(|reply| reply.body() == b"true"), "{text}: {result:?}");
    }
}

#[test]
fn a_head_may_have_many_lines_and_long_ones() {
    let lines = (0..100).map(|number| format!("X-Filler-{number}: {}\r\n", "a".repeat(100))).collect::<String>();
    let long = format!("Set-Cookie: {}\r\n", "b".repeat(30_000));
    for lines in [lines, long] {
        let reply = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 4\r\n\r\ntrue");
        assert_eq!(received(reply.as_bytes()).unwrap().body(), b"true");
    }
}

#[test]
fn a_reply_that_may_have_no_body_has_none() {
    // These headers describe the reply to another request.
    let described = "Content-Encoding: gzip\r\nContent-Length: 4\r\n";
    for head in [
        "204 No Content\r\n".into(),
        format!("204 No Content\r\n{described}"),
        format!("304 Not Modified\r\n{described}"),
    ] {
        let reply = received(format!("HTTP/1.1 {head}\r\n").as_bytes()).unwrap();
        assert_eq!(reply.body(), b"", "{head}");
    }
}

/// ureq rejects these replies, although a client must accept them. The server may have acted, so the failure is
/// unknown.
#[test]
fn rare_forms_that_ureq_refuses_are_unknown_failures() {
    let replies: [&[u8]; 3] = [
        b"HTTP/1.1 100 Continue\r\nDate: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 4\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a-rather-long-extension=b\r\ntrue\r\n0\r\n\r\n",
    ];
    for reply in replies {
        let failure = received(reply).expect_err("ureq accepts it now: move it to the list above");
        assert!(!failure.is_not_sent());
    }
}
