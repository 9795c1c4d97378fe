//! The requests that checks send: an action that Kaltura does not have.

use std::time::Duration;

use apptoken_core::{Action, Call, Endpoint, Exchange, HttpRequest, Moment, UnixSeconds};
use serde::Serialize;

/// Text that a wrong encoding would change.
pub(crate) const AWKWARD: &str = "ü\u{2713}\u{1f511} \"quoted\" back\\slash 100% a+b&c=d\r\n\t";

#[derive(Serialize)]
struct Note {
    text: String,
}

impl Action for Note {
    type Reply = ();
    const SERVICE: &'static str = "transport";
    const ACTION: &'static str = "check";
}

/// A request to send.
pub(crate) struct Probe(Exchange<Call<Note>>);

impl Probe {
    pub(crate) fn new(endpoint: &Endpoint, text: &str) -> Result<Self, String> {
        let start = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
        let exchange = Call::new(endpoint.clone(), Note { text: text.into() }).start(start);
        exchange.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn request(&self) -> &HttpRequest {
        self.0.request()
    }
}
