//! Actions with a file, on the fake server, which reads multipart bodies with code of its own.

use apptoken_core::{Action, Batch, Call, Clock as _, ErrorKind, FilePart};
use apptoken_transport_fake::{Fault, FaultKind};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::world::World;

#[derive(Serialize)]
struct Add {
    #[serde(rename = "uploadToken")]
    token: Value,
}

impl Action for Add {
    type Reply = Token;
    const SERVICE: &'static str = "uploadToken";
    const ACTION: &'static str = "add";
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Upload<'a> {
    upload_token_id: &'a str,
    resume: bool,
    /// A text in the parameters, which must not end a part of the body.
    note: &'a str,
    #[serde(skip)]
    name: &'a str,
    #[serde(skip)]
    content: &'a [u8],
}

impl Action for Upload<'_> {
    type Reply = Token;
    const SERVICE: &'static str = "uploadToken";
    const ACTION: &'static str = "upload";

    fn file(&self) -> Option<FilePart<'_>> {
        Some(FilePart { parameter: "fileData", file_name: self.name, content: self.content })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    id: String,
    file_name: Option<String>,
}

fn upload<'a>(token: &'a str, name: &'a str, content: &'a [u8]) -> Upload<'a> {
    Upload { upload_token_id: token, resume: false, note: "", name, content }
}

/// The hash of the only file that the server has.
fn stored_hash(world: &World) -> String {
    let objects: Value = serde_json::from_str(&world.fake.objects()).unwrap();
    objects[0]["file"]["sha256"].as_str().unwrap().to_owned()
}

/// What could be read as an end: parts of boundaries, line breaks, quotes.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "(\r|\n|\r\n)?-{0,3}apptoken-(0{0,15}[0-3]?)?(--)?(\r\n)?",
        "[a-z\"\\\\\0-\x1f]{0,3}",
        Just("Content-Disposition: form-data; name=\"json\"\r\n\r\n{}".to_owned()),
    ]
}

fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_server_gets_exactly_the_file_and_the_parameters(
        start in proptest::collection::vec(any::<u8>(), 0..50),
        end in hostile(),
        name in hostile().prop_filter("a file has a name", |name| !name.is_empty()),
        note in hostile(),
    ) {
        let world = World::new();
        let token = world.call(Add { token: json!({}) }).unwrap();
        let content = [start.as_slice(), end.as_bytes()].concat();
        let stored = world.call(Upload { note: &note, ..upload(&token.id, &name, &content) }).unwrap();
        prop_assert_eq!(stored.id, token.id);
        prop_assert_eq!(stored_hash(&world), hex::encode(Sha256::digest(&content)));
        let escaped = |each: char| match each {
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => format!("%{:02X}", u32::from(each)),
            each => each.to_string(),
        };
        prop_assert_eq!(stored.file_name, Some(name.chars().map(escaped).collect()));
    }
}

#[test]
fn an_upload_is_not_repeated_if_the_server_may_have_it() {
    let world = World::new();
    let token = world.call(Add { token: json!({}) }).unwrap();
    world.fake.inject(Fault::on("uploadToken.upload", FaultKind::Reset).after_commit().nth(1));
    let error = world.call(upload(&token.id, "a", b"piece")).unwrap_err();
    assert!(error.may_have_acted() && world.fake.journal().count("uploadToken.upload") == 1, "{error}");
}

#[test]
fn a_file_without_a_name_is_refused() {
    let world = World::new();
    let call = Call::new(world.endpoint(), upload("0_a", "", b"piece")).with_ks(world.admin.clone());
    let error = call.start(world.fake.clock().now()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("the file has no name"), "{error}");
}

#[test]
fn an_action_with_a_file_is_refused_in_a_batch() {
    let world = World::new();
    let mut batch = Batch::new(world.endpoint());
    let error = batch.push(&upload("0_a", "a", b"piece")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("run it with Call"), "{error}");
}
