//! The requests that checks send: an action that Kaltura does not have.

use std::time::Duration;

use apptoken_core::{Action, Call, Endpoint, Exchange, FilePart, HttpRequest, Moment, UnixSeconds};
use serde::Serialize;

/// Text that a wrong encoding would change.
pub(crate) const AWKWARD: &str = "ü\u{2713}\u{1f511} \"quoted\" back\\slash 100% a+b&c=d\r\n\t";

#[derive(Serialize)]
struct Note {
    text: String,
    #[serde(skip)]
    file: Option<Vec<u8>>,
}

impl Action for Note {
    type Reply = ();
    const SERVICE: &'static str = "transport";
    const ACTION: &'static str = "check";

    fn file(&self) -> Option<FilePart<'_>> {
        let content = self.file.as_deref()?;
        Some(FilePart { parameter: "file", file_name: "file", content })
    }
}

/// A request to send.
pub(crate) struct Probe(Exchange<Call<Note>>);

impl Probe {
    pub(crate) fn new(endpoint: &Endpoint, text: &str) -> Result<Self, String> {
        Self::of(endpoint, Note { text: text.into(), file: None })
    }

    /// A request with a multipart body.
    pub(crate) fn with_file(endpoint: &Endpoint, content: Vec<u8>) -> Result<Self, String> {
        Self::of(endpoint, Note { text: AWKWARD.into(), file: Some(content) })
    }

    fn of(endpoint: &Endpoint, note: Note) -> Result<Self, String> {
        let start = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
        let exchange = Call::new(endpoint.clone(), note).start(start);
        exchange.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn request(&self) -> &HttpRequest {
        self.0.request()
    }
}
