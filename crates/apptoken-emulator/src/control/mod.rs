//! The control interface: what a test in any language does to the emulator. `control.md` is its page.

mod accounts;
mod caller;
mod clock;
mod faults;
mod journal;
mod query;
mod state;

use apptoken_transport_fake::{Fake, WireReply, WireRequest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use self::caller::Caller;
use crate::counts::Counters;

/// Where it is; no path of Kaltura's begins so.
const PREFIX: &str = "/__control";

/// What can be looked at and changed.
#[derive(Debug)]
pub(crate) struct Control<'a> {
    pub(crate) fake: &'a Fake,
    pub(crate) counters: &'a Counters,
    /// The state to go back to.
    pub(crate) initial_state: &'a str,
}

/// Whether a request is for the control interface.
pub(crate) fn is_for(request: &WireRequest) -> bool {
    request.target.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

impl Control<'_> {
    /// Answers a request of a caller that was checked.
    pub(crate) fn answer(&self, request: &WireRequest) -> WireReply {
        reply(self.route(request))
    }

    fn route(&self, request: &WireRequest) -> Result<Content, ControlError> {
        let rest = request.target.strip_prefix(PREFIX).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let request = ControlRequest { fake: self.fake, method: &request.method, query, body: &request.body };
        match path.as_slice() {
            [] => match request.method {
                "GET" => Ok(Content::Markdown(include_str!("../../docs/control.md"))),
                _ => Err(request.not_allowed("GET")),
            },
            ["clock"] => clock::answer(&request),
            ["clock", "advance"] => clock::advance(&request),
            ["faults"] => faults::answer(&request),
            ["faults", number] => faults::one(&request, number),
            ["journal"] => journal::answer(&request),
            ["counts"] => self.counts(&request),
            ["state"] => state::answer(&request),
            ["reset"] => state::reset(&request, self.initial_state),
            ["responseCache"] => state::response_cache(&request),
            ["partners", id] => accounts::partner(&request, id),
            ["appTokens", id] => accounts::app_token(&request, id),
            _ => Err(ControlError::new(
                404,
                format!("nothing is here; GET {PREFIX} is the page that tells what is where"),
            )),
        }
    }

    fn counts(&self, request: &ControlRequest<'_>) -> Result<Content, ControlError> {
        if request.method != "GET" {
            return Err(request.not_allowed("GET"));
        }
        let counts = self.counters.read();
        Ok(Content::Json(json!({
            "connections": counts.connections,
            "fullHandshakes": counts.full_handshakes,
            "resumedHandshakes": counts.resumed_handshakes,
            "requests": counts.requests,
        })))
    }
}

/// A request to the control interface, taken apart.
struct ControlRequest<'a> {
    fake: &'a Fake,
    method: &'a str,
    query: &'a str,
    body: &'a [u8],
}

impl ControlRequest<'_> {
    /// The body, read as JSON whatever its content type says.
    fn json<T: DeserializeOwned>(&self) -> Result<T, ControlError> {
        serde_json::from_slice(self.body)
            .map_err(|why| ControlError::new(400, format!("the body cannot be used: {why}")))
    }

    fn not_allowed(&self, allowed: &'static str) -> ControlError {
        let error = format!("{} is not for this path; it takes {allowed}", self.method);
        ControlError { allowed: Some(allowed), ..ControlError::new(405, error) }
    }
}

/// What was done, and what there is to say about it.
enum Content {
    None,
    Json(Value),
    Text(String),
    Markdown(&'static str),
}

/// Why nothing was done.
#[derive(Debug)]
struct ControlError {
    status: u16,
    error: String,
    allowed: Option<&'static str>,
}

impl ControlError {
    fn new(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), allowed: None }
    }
}

fn reply(result: Result<Content, ControlError>) -> WireReply {
    let of = |status, kind: &str, body| WireReply { status, headers: vec![("Content-Type".into(), kind.into())], body };
    let json = |status, value: Value| of(status, "application/json", format!("{value}\n").into_bytes());
    match result {
        Ok(Content::None) => WireReply { status: 204, headers: Vec::new(), body: Vec::new() },
        Ok(Content::Json(value)) => json(200, value),
        Ok(Content::Text(text)) => of(200, "application/json", text.into_bytes()),
        Ok(Content::Markdown(text)) => of(200, "text/markdown; charset=utf-8", text.as_bytes().to_vec()),
        Err(ControlError { status, error, allowed }) => {
            let mut reply = json(status, json!({ "error": error }));
            reply.headers.extend(allowed.map(|methods| ("Allow".to_owned(), methods.to_owned())));
            reply
        }
    }
}
