//! Compression of replies.

use std::io::Read;

use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind};
use flate2::read::GzDecoder;

use crate::client::{Client, Reply};
use crate::life::PING;

fn asking_for_gzip(client: &mut Client, method: &str) -> Reply {
    client.send(format!("{method} {PING} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
    client.head().unwrap()
}

#[test]
fn complete_replies_are_compressed_if_accepted() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: deflate, gzip\r\n\r\n"));
    let reply = client.reply().unwrap();
    assert_eq!((reply.header("content-encoding"), reply.header("vary")), (Some("gzip"), Some("Accept-Encoding")));
    let mut text = String::new();
    GzDecoder::new(&*reply.body).read_to_string(&mut text).unwrap();
    assert_eq!(text, "true");
}

#[test]
fn a_client_without_accept_encoding_gets_plain_text() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let reply = Client::connect(&emulator).get(PING);
    assert_eq!((reply.header("content-encoding"), reply.text()), (None, "true"));
}

#[test]
fn byte_counts_of_faults_refer_to_the_text() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    emulator.fake().inject(Fault::on_any(FaultKind::CutAfter(2)));
    let mut client = Client::connect(&emulator);
    let head = asking_for_gzip(&mut client, "GET");
    assert_eq!((head.header("content-encoding"), head.header("content-length")), (None, Some("4")));
    assert_eq!(client.rest().unwrap(), b"tr");
}

#[test]
fn a_reply_without_body_has_no_encoding() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for method in ["HEAD", "OPTIONS"] {
        let head = asking_for_gzip(&mut Client::connect(&emulator), method);
        assert_eq!((head.status, head.header("content-encoding")), (200, None), "{method}");
    }
}
