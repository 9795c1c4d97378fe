use std::io::Write;

use apptoken_core::{HttpResponse, TransportFailure};
use apptoken_transport_ureq::UreqTransport;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Server, cause, reply, send};

fn received(transport: &UreqTransport, reply: impl Into<Vec<u8>>) -> Result<HttpResponse, TransportFailure> {
    let server = Server::answering(reply);
    let result = send(transport, &server.endpoint());
    server.finish();
    result
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_reply_above_the_largest_size_is_a_failure() {
    let transport = UreqTransport::builder().largest_reply(10).build().unwrap();
    assert_eq!(received(&transport, reply(b"0123456789")).unwrap().body(), b"0123456789");
    let failure = received(&transport, reply(b"0123456789a")).unwrap_err();
    assert!(!failure.is_not_sent());
    assert_eq!(cause(&failure), "the reply is larger than 10 bytes");
}

#[test]
fn the_largest_size_is_8_mib() {
    let body = vec![b' '; 8 << 20];
    assert_eq!(received(&UreqTransport::new(), reply(&body)).unwrap().body().len(), 8 << 20);
    let failure = received(&UreqTransport::new(), encoded("gzip", &gzip(&[body, vec![b' ']].concat()))).unwrap_err();
    assert_eq!(cause(&failure), "the reply is larger than 8388608 bytes");
}

#[test]
fn a_reply_that_decompresses_beyond_the_limit_fails() {
    let bomb = gzip(&vec![0; 1 << 20]);
    let transport = UreqTransport::builder().largest_reply(64 << 10).build().unwrap();
    assert!(bomb.len() < 64 << 10);
    assert!(!received(&transport, encoded("gzip", &bomb)).unwrap_err().is_not_sent());
}

#[test]
fn compressed_data_cut_anywhere_is_a_failure() {
    let plain = br#"{"ks":"djJ8MTAyfA==","partnerId":102,"objectType":"KalturaStartWidgetSessionResponse"}"#;
    let whole = gzip(plain);
    let transport = UreqTransport::new();
    for encoding in ["gzip", "x-gzip"] {
        assert_eq!(received(&transport, encoded(encoding, &whole)).unwrap().body(), plain);
        for length in 1..whole.len() {
            let failure = received(&transport, encoded(encoding, &whole[..length])).unwrap_err();
            assert!(!failure.is_not_sent(), "{length}");
        }
    }
}

#[test]
fn an_unrequested_compression_is_a_failure() {
    let transport = UreqTransport::new();
    for encoding in ["br", "deflate", "gzip, gzip", "gzip, br", "caf\u{e9}"] {
        let failure = received(&transport, encoded(encoding, &gzip(b"true"))).unwrap_err();
        assert_eq!(cause(&failure), "the reply is compressed in a way that was not requested", "{encoding}");
    }
}

/// Only the one spelling that ureq knows was accepted.
#[test]
fn gzip_is_decompressed_by_any_of_its_names() {
    let transport = UreqTransport::new();
    let two_lines = "identity\r\nContent-Encoding: gzip";
    for encoding in ["gzip", "GZIP", "Gzip", "x-gzip", "X-GZip", " gzip ", "identity, gzip", "gzip,", two_lines] {
        let reply = received(&transport, encoded(encoding, &gzip(b"true"))).unwrap();
        assert_eq!(reply.body(), b"true", "{encoding}");
        let limited = UreqTransport::builder().largest_reply(3).build().unwrap();
        let failure = received(&limited, encoded(encoding, &gzip(b"true"))).unwrap_err();
        assert_eq!(cause(&failure), "the reply is larger than 3 bytes", "{encoding}");
    }
    for encoding in ["identity", "Identity", "IDENTITY, identity", ""] {
        assert_eq!(received(&transport, encoded(encoding, b"true")).unwrap().body(), b"true", "{encoding}");
    }
}

#[test]
fn a_header_that_is_no_text_does_not_spoil_a_reply() {
    let reply = b"HTTP/1.1 200 OK\r\nX-Me: caf\xe9\r\nContent-Length: 4\r\n\r\ntrue";
    let reply = received(&UreqTransport::new(), reply).unwrap();
    assert_eq!((reply.header("x-me"), reply.body()), (Some("caf\u{fffd}"), b"true".as_slice()));
}

#[test]
fn the_user_agent_names_us() {
    let server = Server::answering(reply(b"true"));
    send(&UreqTransport::new(), &server.endpoint()).unwrap();
    let request = server.finish().to_ascii_lowercase();
    let expected = format!("\r\nuser-agent: apptoken-transport-ureq/{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(request.contains(&expected), "{request}");
    assert_eq!(request.matches("user-agent").count(), 1);
}
