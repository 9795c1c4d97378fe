use std::collections::BTreeMap;

use serde::Deserialize;

use crate::file::{File, files};

const FILES: &[File] = files!("recordings":
    "app_token_crud"
    "happy_md5_p101"
    "happy_sha1_p102"
    "happy_sha256_p101"
    "happy_sha512_p102"
    "happy_xml_sha256_p101"
    "invalidation"
    "multirequest"
    "start_session_errors"
    "start_widget_session"
    "user_and_role"
);

/// A sequence of recorded exchanges with the server.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The name of the recording: `happy_sha256_p101` is a login with SHA256 to partner 101.
    pub name: &'static str,
    /// What was recorded.
    pub about: String,
    /// The exchanges in their order.
    pub exchanges: Vec<RecordedExchange>,
}

/// One request and the server's reply.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedExchange {
    /// A description, which usually starts with the action.
    pub name: String,
    /// The time of the exchange, in seconds since 1970.
    pub unix_time: i64,
    /// The request.
    pub request: RecordedRequest,
    /// The reply.
    pub response: RecordedResponse,
}

/// A request as it was sent.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path with its query string.
    pub path: String,
    /// The Content-Type header, if one was sent.
    pub content_type: Option<String>,
    /// The body, if one was sent.
    pub body: Option<String>,
}

/// A reply as it was received.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The Content-Type header and the headers of Kaltura.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// All recordings.
pub fn recordings() -> Vec<Recording> {
    FILES.iter().map(read).collect()
}

/// The recording with that name, or `None`.
pub fn recording(name: &str) -> Option<Recording> {
    FILES.iter().find(|file| file.name == name).map(read)
}

fn read(file: &File) -> Recording {
    #[derive(Deserialize)]
    struct Header {
        about: String,
    }
    let (Header { about }, exchanges) = file.read();
    Recording { name: file.name, about, exchanges }
}
