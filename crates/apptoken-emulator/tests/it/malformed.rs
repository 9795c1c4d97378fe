//! Invalid and nearly valid HTTP.

use apptoken_emulator::Emulator;
use apptoken_transport_fake::Fake;
use proptest::prelude::*;

use crate::client::Client;
use crate::life::PING;

#[test]
fn an_invalid_request_gets_400() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for request in [
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
    ] {
        let mut client = Client::connect(&emulator);
        client.send(request);
        assert_eq!(client.reply().unwrap().status, 400, "{request:?}");
        assert_eq!(client.rest().unwrap(), b"", "{request:?}");
    }
    assert_eq!(emulator.counts().requests, 0);
}

#[test]
fn proxy_methods_are_rejected() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for request in ["CONNECT localhost:80 HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = Client::connect(&emulator);
        client.send(request);
        assert_eq!(client.reply().unwrap().status, 405, "{request:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    let body = r#"{"format":1}"#;
    for index in 0..200 {
        match index % 2 {
            0 => client.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n")),
            _ => client.send(format!(
                "POST /api_v3/service/nope{index} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )),
        }
    }
    for index in 0..200 {
        let reply = client.reply().unwrap();
        match index % 2 {
            0 => assert_eq!(reply.text(), "true"),
            _ => assert!(reply.text().contains(&format!("nope{index}")), "{}", reply.text()),
        }
    }
    assert_eq!(emulator.counts().connections, 1);
}

#[test]
fn a_client_with_a_half_closed_connection_gets_the_reply() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.finish();
    assert_eq!(client.reply().unwrap().text(), "true");
}

#[test]
fn http_1_0_is_supported() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.send(format!("GET {PING} HTTP/1.0\r\n\r\n"));
    assert_eq!(client.reply().unwrap().text(), "true");
    assert_eq!(client.rest().unwrap(), b"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_stop_the_server(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let emulator = Emulator::start(Fake::new()).unwrap();
        let mut client = Client::connect(&emulator);
        client.send(&bytes);
        client.finish();
        let _ = client.rest();
        prop_assert_eq!(Client::connect(&emulator).get(PING).text().to_owned(), "true");
    }

    #[test]
    fn no_body_stops_the_server(
        kind in "(application/json|application/x-www-form-urlencoded|multipart/form-data; boundary=x|text/xml|)",
        body in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let emulator = Emulator::start(Fake::new()).unwrap();
        let mut client = Client::connect(&emulator);
        client.send(format!("POST {PING} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len()));
        client.send(&body);
        prop_assert!(client.reply().unwrap().status < 500);
    }
}
