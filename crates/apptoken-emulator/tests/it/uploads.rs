//! Uploads that are too large to be kept in memory.

use apptoken_emulator::{Emulator, Limits, Options};
use apptoken_transport_fake::Fake;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::life::{PING, with};

const UPLOAD: &str = "/api_v3/service/uploadToken/action/upload?format=1";

/// An emulator that streams uploads of more than 10,000 bytes, with an upload token.
fn emulator(change: impl FnOnce(&mut Limits)) -> Emulator {
    let limits = with(|limits| {
        (limits.body_bytes, limits.upload_memory) = (5_000, 10_000);
        change(limits);
    });
    let emulator = Options::new().limits(limits).start(Fake::new()).unwrap();
    emulator.fake().add_object("uploadToken", r#"{"id": "0_token", "status": 0}"#).unwrap();
    emulator
}

/// The start and the end of a form; the file is between them.
fn form(emulator: &Emulator, fields: &[(&str, &str)]) -> (String, &'static str) {
    let ks = emulator.fake().admin_session("101".parse().unwrap()).unwrap();
    let mut start = String::new();
    for (name, value) in [("ks", ks.expose()), ("uploadTokenId", "0_token")].iter().chain(fields) {
        start += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    start += "--b\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"film.mp4\"\r\n\r\n";
    (start, "\r\n--b--\r\n")
}

fn head(length: &str) -> String {
    format!("POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n{length}\r\n\r\n")
}

fn upload(emulator: &Emulator, fields: &[(&str, &str)], content: &[u8]) -> Value {
    let (start, end) = form(emulator, fields);
    let mut client = Client::connect(emulator);
    client.send(head(&format!("Content-Length: {}", start.len() + content.len() + end.len())));
    client.send(start);
    client.send(content);
    client.send(end);
    serde_json::from_str(&client.reply().unwrap().text()).unwrap()
}

/// The status of the token, and the size and hash of its file.
fn stored(emulator: &Emulator) -> (i64, u64, Value) {
    let objects: Value = serde_json::from_str(&emulator.fake().objects()).unwrap();
    let file = &objects[0]["file"];
    (objects[0]["properties"]["status"].as_i64().unwrap(), file["size"].as_u64().unwrap(), file["sha256"].clone())
}

fn hash(content: &[u8]) -> Value {
    hex::encode(Sha256::digest(content)).into()
}

fn content(length: u32) -> Vec<u8> {
    (0..length).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect()
}

#[test]
fn a_streamed_upload_is_counted_and_hashed() {
    let emulator = emulator(|_| ());
    let content = content(3_000_000);
    let answer = upload(&emulator, &[], &content);
    assert_eq!((&answer["uploadedFileSize"], &answer["fileName"]), (&"3000000".into(), &"film.mp4".into()));
    assert_eq!(stored(&emulator), (2, 3_000_000, hash(&content)));
}

#[test]
fn a_streamed_upload_can_have_no_declared_length() {
    let emulator = emulator(|_| ());
    let content = content(30_000);
    let (start, end) = form(&emulator, &[]);
    let body = [start.as_bytes(), &content, end.as_bytes()].concat();
    let mut client = Client::connect(&emulator);
    client.send(head("Transfer-Encoding: chunked"));
    for piece in body.chunks(777) {
        client.send([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 200);
    assert_eq!(stored(&emulator), (2, 30_000, hash(&content)));
}

#[test]
fn large_and_small_pieces_make_one_file() {
    let emulator = emulator(|_| ());
    let content = content(60_000);
    upload(&emulator, &[("finalChunk", "0")], &content[..20_000]);
    upload(&emulator, &[("finalChunk", "0"), ("resume", "1"), ("resumeAt", "20000")], &content[20_000..25_000]);
    assert_eq!(stored(&emulator), (1, 25_000, hash(&content[..25_000])));
    upload(&emulator, &[("resume", "1"), ("resumeAt", "25000")], &content[25_000..]);
    assert_eq!(stored(&emulator), (2, 60_000, hash(&content)));
}

/// If it were kept, it would wait for memory until the time for a body is over. What is large here is a file that is not
/// hashed, which would take long without optimization.
#[test]
fn an_upload_can_be_larger_than_the_memory_for_bodies() {
    let emulator = emulator(|_| ());
    let piece = vec![b'x'; 1 << 20];
    let count = 129;
    let (start, end) = form(&emulator, &[]);
    let large = "--b\r\nContent-Disposition: form-data; name=\"other\"; filename=\"large.mp4\"\r\n\r\n";
    let rest = format!("\r\n{start}content{end}");
    let mut client = Client::connect(&emulator);
    client.send(head(&format!("Content-Length: {}", large.len() + count * piece.len() + rest.len())));
    client.send(large);
    for _ in 0..count {
        client.send(&piece);
    }
    client.send(rest);
    assert_eq!(client.reply().unwrap().status, 200);
    assert_eq!(stored(&emulator), (2, 7, hash(b"content")));
}

#[test]
fn an_upload_above_its_limit_is_rejected() {
    let emulator = emulator(|limits| limits.upload_bytes = 20_000);
    for length in ["Content-Length: 20001", "Transfer-Encoding: chunked"] {
        let mut client = Client::connect(&emulator);
        client.send(head(length));
        if !length.contains("20001") {
            client.send(format!("4e21\r\n{}\r\n", "x".repeat(20_001)));
        }
        assert_eq!(client.reply().unwrap().status, 413, "{length}");
    }
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
}

#[test]
fn the_fields_of_a_streamed_upload_are_limited() {
    let emulator = emulator(|_| ());
    let long = "x".repeat(5_000);
    let (start, end) = form(&emulator, &[("note", &long)]);
    let body = [start.as_str(), &"y".repeat(20_000), end].concat();
    let mut client = Client::connect(&emulator);
    client.send(head(&format!("Content-Length: {}", body.len())));
    client.send(body);
    assert_eq!(client.reply().unwrap().status, 413);
}

#[test]
fn a_streamed_upload_is_checked_as_any_other() {
    let emulator = emulator(|_| ());
    let (start, end) = form(&emulator, &[]);
    let body = [start.replace("0_token", "0_other").as_str(), &"y".repeat(20_000), end].concat();
    let mut client = Client::connect(&emulator);
    client.send(head(&format!("Content-Length: {}", body.len())));
    client.send(body);
    assert!(client.reply().unwrap().text().contains("UPLOAD_TOKEN_NOT_FOUND"));
}
