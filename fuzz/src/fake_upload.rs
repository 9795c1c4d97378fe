use apptoken_core::PartnerId;
use apptoken_transport_fake::{DeliveryKind, Fake, WireRequest};
use serde_json::Value;

use crate::script::split_once;

/// A file that is uploaded in pieces: the fake server finds the name, the size and the fields that were written into the form.
///
/// The first line is the boundary, the second one the name of the file. The rest are pieces, with `---` between them: a line
/// with the position, and the bytes. The first piece starts the file. Valid is a file that is written whole.
pub fn fake_upload(input: &[u8]) -> bool {
    let (boundary, rest) = split_once(input, b"\n");
    let (name, pieces) = split_once(rest, b"\n");
    let (Ok(boundary), Ok(name)) = (std::str::from_utf8(boundary), std::str::from_utf8(name)) else { return false };
    // What a boundary consists of (RFC 2046, section 5.1.1), without the characters that need quotes in the header.
    let is_boundary = |byte: u8| byte.is_ascii_alphanumeric() || b"'+_-.".contains(&byte);
    if boundary.is_empty() || boundary.len() > 70 || !boundary.bytes().all(is_boundary) || name.contains(['\r', '\0']) {
        return false;
    }
    let form = Form::new(boundary, name);
    let (mut rest, mut size, mut number) = (pieces, 0, 0);
    while !rest.is_empty() {
        let (piece, after) = split_once(rest, b"\n---\n");
        rest = after;
        let (at, content) = split_once(piece, b"\n");
        if content.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
            return false;
        }
        let at = String::from_utf8_lossy(at).parse::<u64>().unwrap_or(0);
        number += 1;
        let reply = form.upload(at, content, number > 1, rest.is_empty());
        let length = content.len() as u64;
        size = match number {
            1 => length,
            // A piece beyond the end is dropped.
            _ if at > size => size,
            _ => size.max(at + length),
        };
        assert_eq!(reply["uploadedFileSize"], size.to_string(), "{reply}");
        assert_eq!(reply["status"], if rest.is_empty() { 2 } else { 1 }, "{reply}");
        assert_eq!(reply["fileName"], name, "{reply}");
    }
    number > 0
}

struct Form<'a> {
    fake: Fake,
    ks: String,
    token: String,
    boundary: &'a str,
    name: &'a str,
}

impl<'a> Form<'a> {
    fn new(boundary: &'a str, name: &'a str) -> Self {
        let fake = Fake::new();
        let ks = fake.admin_session(PartnerId::new(101).expect("a valid id")).expect("an account of the fake");
        let mut form = Self { fake, ks: ks.expose().to_owned(), token: String::new(), boundary, name };
        form.token = form.post("add", &[], None)["id"].as_str().expect("an id").to_owned();
        form
    }

    fn upload(&self, at: u64, content: &[u8], is_resumed: bool, is_last: bool) -> Value {
        let (at, flag) = (at.to_string(), |yes| if yes { "1" } else { "0" });
        let fields = [
            ("uploadTokenId", &*self.token),
            ("resume", flag(is_resumed)),
            ("resumeAt", &at),
            ("finalChunk", flag(is_last)),
        ];
        self.post("upload", &fields, Some(content))
    }

    fn post(&self, action: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Value {
        let Self { fake, ks, boundary, name, .. } = self;
        let mut body = Vec::new();
        for (field, value) in [("ks", &**ks), ("format", "1")].iter().chain(fields) {
            body.extend(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        if let Some(content) = file {
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
            body.extend(content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").bytes());
        let request = WireRequest {
            method: "POST".to_owned(),
            target: format!("/api_v3/service/uploadToken/action/{action}"),
            headers: vec![("Content-Type".to_owned(), format!("multipart/form-data; boundary={boundary}"))],
            body,
        };
        let DeliveryKind::Reply(reply) = fake.handle(&request).kind else { panic!("no fault was injected") };
        serde_json::from_slice(&reply.body).expect("a reply in JSON")
    }
}
