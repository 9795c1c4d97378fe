//! Uploads a file in pieces, continues after a lost connection, and adds the file to a new entry.
//!
//!     cargo run --example upload
//!
//! Here the connection is lost once, by a fault. With `Client::from_env` it uploads to a real server.

use std::error::Error;
use std::io::{Read, Seek, SeekFrom, Write};

use apptoken::{Action, Builder, Client, Credential, FilePart, HashType, Ks, PartnerId, Repeat};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// Each piece is held in memory. A real program uses some megabytes.
const PIECE: usize = 100_000;

/// How often an upload continues after a failure.
const ATTEMPTS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Fake::new())?;
    let token = emulator.fake().add_token(PartnerId::new(101)?, TokenSpec::new(HashType::Sha256).user("uploader"));
    let credential = Credential::new(token.partner, token.id, token.secret, token.hash_type);
    let client = Builder::new(emulator.endpoint().clone()).client(credential);

    let mut file = tempfile::tempfile()?;
    file.write_all(&[7; 250_000])?;
    emulator.fake().inject(Fault::on("uploadToken.upload", FaultKind::Reset).nth(2));

    let session = client.login()?;
    let entry = upload(&client, session.ks(), &mut file, "lecture.mp4")?;
    println!("the entry {} has the status {}", entry.id, entry.status);
    println!("pieces sent: {}", emulator.fake().journal().count("uploadToken.upload"));
    Ok(())
}

/// Uploads a file and adds it to a new entry.
fn upload(client: &Client, ks: &Ks, file: &mut (impl Read + Seek), name: &str) -> Result<Entry, Box<dyn Error>> {
    let size = file.seek(SeekFrom::End(0))?;
    if size == 0 {
        return Err("the file is empty".into());
    }
    let token = client.call(ks, AddUploadToken::of(name, size))?;
    let mut failures = 0;
    while let Err(error) = send_pieces(client, ks, file, name, &token.id) {
        failures += 1;
        let can_continue = error.downcast_ref().is_some_and(apptoken::Error::is_transient);
        if !can_continue || failures == ATTEMPTS {
            return Err(error);
        }
        println!("continuing after: {error}");
    }
    let entry = client.call(ks, AddMedia::of(name))?;
    Ok(client.call(ks, AddContent::of(&entry.id, &token.id))?)
}

/// Sends the pieces that the server does not have yet.
fn send_pieces(
    client: &Client,
    ks: &Ks,
    file: &mut (impl Read + Seek),
    name: &str,
    token: &str,
) -> Result<(), Box<dyn Error>> {
    let state = client.call(ks, GetUploadToken { id: token })?;
    let (mut at, size) = (state.uploaded, state.size);
    file.seek(SeekFrom::Start(at))?;
    while at < size {
        let mut piece = Vec::new();
        file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Err("the file became shorter during the upload".into());
        }
        let end = at + piece.len() as u64;
        let upload = Upload {
            token,
            resume: at > 0,
            resume_at: (at > 0).then_some(at),
            final_chunk: end == size,
            name,
            piece: &piece,
        };
        client.call(ks, upload)?;
        at = end;
    }
    Ok(())
}

/// `uploadToken.add`
#[derive(Serialize)]
struct AddUploadToken {
    #[serde(rename = "uploadToken")]
    token: Value,
}

impl AddUploadToken {
    fn of(name: &str, size: u64) -> Self {
        Self { token: json!({ "objectType": "KalturaUploadToken", "fileName": name, "fileSize": size }) }
    }
}

impl Action for AddUploadToken {
    type Reply = UploadToken;
    const SERVICE: &'static str = "uploadToken";
    const ACTION: &'static str = "add";
}

/// `uploadToken.get`
#[derive(Serialize)]
struct GetUploadToken<'a> {
    #[serde(rename = "uploadTokenId")]
    id: &'a str,
}

impl Action for GetUploadToken<'_> {
    type Reply = UploadToken;
    const SERVICE: &'static str = "uploadToken";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}

/// `uploadToken.upload`, with one piece of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upload<'a> {
    #[serde(rename = "uploadTokenId")]
    token: &'a str,
    /// The server refuses to resume an upload that has not begun.
    resume: bool,
    resume_at: Option<u64>,
    final_chunk: bool,
    #[serde(skip)]
    name: &'a str,
    #[serde(skip)]
    piece: &'a [u8],
}

impl Action for Upload<'_> {
    type Reply = UploadToken;
    const SERVICE: &'static str = "uploadToken";
    const ACTION: &'static str = "upload";

    fn file(&self) -> Option<FilePart<'_>> {
        Some(FilePart { parameter: "fileData", file_name: self.name, content: self.piece })
    }
}

#[derive(Deserialize)]
struct UploadToken {
    id: String,
    #[serde(rename = "fileSize", default, deserialize_with = "number")]
    size: u64,
    #[serde(rename = "uploadedFileSize", default, deserialize_with = "number")]
    uploaded: u64,
}

/// The server writes file sizes as text.
fn number<'de, D: Deserializer<'de>>(json: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(json)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.ok_or_else(|| serde::de::Error::custom("expected a file size"))
}

/// `media.add`
#[derive(Serialize)]
struct AddMedia {
    entry: Value,
}

impl AddMedia {
    fn of(name: &str) -> Self {
        // 1 is a video.
        Self { entry: json!({ "objectType": "KalturaMediaEntry", "mediaType": 1, "name": name }) }
    }
}

impl Action for AddMedia {
    type Reply = Entry;
    const SERVICE: &'static str = "media";
    const ACTION: &'static str = "add";
}

/// `media.addContent`
#[derive(Serialize)]
struct AddContent<'a> {
    #[serde(rename = "entryId")]
    entry: &'a str,
    resource: Value,
}

impl<'a> AddContent<'a> {
    fn of(entry: &'a str, token: &str) -> Self {
        Self { entry, resource: json!({ "objectType": "KalturaUploadedFileTokenResource", "token": token }) }
    }
}

impl Action for AddContent<'_> {
    type Reply = Entry;
    const SERVICE: &'static str = "media";
    const ACTION: &'static str = "addContent";
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    /// A number, or text for the states of other plug-ins.
    status: Value,
}
