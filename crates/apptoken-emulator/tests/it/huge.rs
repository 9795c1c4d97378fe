//! Large and unusual bodies: each gets a reply, and the server continues.

use apptoken_emulator::Emulator;
use apptoken_transport_fake::Fake;

use crate::client::Client;
use crate::life::PING;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=b";

const SIZE: usize = 1 << 20;

/// A text of about this size.
fn many(part: &str) -> String {
    part.repeat(SIZE / part.len())
}

fn nested(open: &str, close: &str) -> String {
    format!("{{\"a\":{}1{}}}", open.repeat(SIZE / 2 / open.len()), close.repeat(SIZE / 2 / open.len()))
}

fn assert_answered(kind: &str, body: &[u8]) {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for target in ["/api_v3/service/appToken/action/list?format=1", "/api_v3/service/multirequest?format=1"] {
        let mut client = Client::connect(&emulator);
        client.send(format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        client.send(body);
        assert_eq!(client.reply().unwrap().status, 200, "{kind}: {}", String::from_utf8_lossy(&body[..40]));
    }
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
}

#[test]
fn a_hundred_thousand_fields_get_a_reply() {
    let fields: Vec<String> = (0..100_000).map(|number| format!("field{number}={number}")).collect();
    assert_answered(FORM, fields.join("&").as_bytes());
    let fields: Vec<String> = (0..100_000).map(|number| format!("\"field{number}\":{number}")).collect();
    assert_answered(JSON, format!("{{{}}}", fields.join(",")).as_bytes());
}

#[test]
fn endless_names_get_a_reply() {
    for body in
        [format!("a{}=1", many("[]")), format!("a{}=1", many("[b]")), format!("a{}=1", many(":b")), many("a[]=1&")]
    {
        assert_answered(FORM, body.as_bytes());
    }
}

#[test]
fn deep_nesting_gets_a_reply() {
    assert_answered(JSON, nested("[", "]").as_bytes());
    assert_answered(JSON, nested("{\"a\":", "}").as_bytes());
    assert_answered(JSON, format!("{{\"a{}\":1}}", many(":b")).as_bytes());
    assert_answered(JSON, format!("{{{}", many("\"a\":{")).as_bytes());
}

#[test]
fn invalid_multipart_gets_a_reply() {
    for body in [
        many("x"),
        many("\r\n"),
        many("-"),
        many("--b\r\n"),
        many("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"),
        format!("--b\r\nContent-Disposition: form-data; name=\"{}", many("a")),
    ] {
        assert_answered(MULTIPART, body.as_bytes());
    }
}

#[test]
fn bytes_that_are_not_text_get_a_reply() {
    for kind in [FORM, JSON, MULTIPART] {
        assert_answered(kind, &[0xff; SIZE]);
        assert_answered(kind, &[0; SIZE]);
    }
}
