//! The control interface for tests in any language. `docs/control.md` documents it.

mod accounts;
mod answers;
mod app_tokens;
mod caller;
mod catalog;
mod clock;
mod coverage;
mod explain;
mod faults;
mod hash;
mod journal;
mod library;
mod objects;
mod query;
mod sessions;
mod state;

use std::borrow::Cow;

use apptoken_transport_fake::{Fake, WireReply, WireRequest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use self::caller::{Caller, ControlAccess};
use crate::counts::Counters;

/// Its path prefix, which no Kaltura path has.
const PREFIX: &str = "/__control";

/// What the control interface can read and change.
#[derive(Debug)]
pub(crate) struct Control<'a> {
    pub(crate) fake: &'a Fake,
    pub(crate) counters: &'a Counters,
    /// The state for a reset.
    pub(crate) initial_state: &'a str,
}

/// Whether a request is for the control interface.
pub(crate) fn is_for(request: &WireRequest) -> bool {
    request.target.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

impl Control<'_> {
    /// Handles a request of a checked caller.
    pub(crate) fn handle(&self, request: &WireRequest) -> WireReply {
        reply(self.route(request))
    }

    fn route(&self, request: &WireRequest) -> Result<Content, ControlError> {
        let rest = request.target.strip_prefix(PREFIX).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let request = ControlRequest { fake: self.fake, method: &request.method, query, body: &request.body };
        match path.as_slice() {
            [] => match request.method {
                "GET" => Ok(Content::Markdown(include_str!("../../docs/control.md").into())),
                _ => Err(request.not_allowed("GET")),
            },
            ["actions"] => catalog::actions(&request),
            ["actions", name] => catalog::action(&request, name),
            ["advice"] => library::advice(&request),
            ["answers"] => answers::handle(&request),
            ["answers", number] => answers::remove(&request, number),
            ["classes", name] => catalog::class(&request, name),
            ["clock"] => clock::handle(&request),
            ["clock", "advance"] => clock::advance(&request),
            ["coverage"] => coverage::handle(&request),
            ["coverage.md"] => coverage::page(&request),
            ["explain"] => explain::call(&request),
            ["faults"] => faults::handle(&request),
            ["faults", number] => faults::remove(&request, number),
            ["hash"] => hash::handle(&request),
            ["journal"] => journal::handle(&request),
            ["objects"] => objects::handle(&request),
            ["objects", service, id] => objects::remove(&request, service, id),
            ["uploads"] => objects::uploads(&request),
            ["counts"] => self.counts(&request),
            ["state"] => state::handle(&request),
            ["reset"] => state::reset(&request, self.initial_state),
            ["responseCache"] => state::response_cache(&request),
            ["partners"] => accounts::list(&request),
            ["partners", id] => accounts::partner(&request, id),
            ["appTokens"] => app_tokens::handle(&request),
            ["appTokens", id] => app_tokens::one(&request, id),
            ["sessions"] => sessions::handle(&request),
            ["sessions", "inspect"] => explain::session(&request),
            _ => Err(ControlError::new(404, format!("unknown path; GET {PREFIX} returns the documentation"))),
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

/// A parsed request to the control interface.
struct ControlRequest<'a> {
    fake: &'a Fake,
    method: &'a str,
    query: &'a str,
    body: &'a [u8],
}

impl ControlRequest<'_> {
    /// The body as JSON, whatever its content type is.
    fn json<T: DeserializeOwned>(&self) -> Result<T, ControlError> {
        serde_json::from_slice(self.body).map_err(|why| ControlError::new(400, format!("invalid body: {why}")))
    }

    /// The body as text.
    fn text(&self) -> Result<&str, ControlError> {
        std::str::from_utf8(self.body).map_err(|_| ControlError::new(400, "the body is not UTF-8"))
    }

    fn not_allowed(&self, allowed: &'static str) -> ControlError {
        let error = format!("the method {} is not allowed; expected {allowed}", self.method);
        ControlError { allowed: Some(allowed), ..ControlError::new(405, error) }
    }
}

/// The content of a successful reply.
enum Content {
    None,
    Json(Value),
    Text(String),
    Markdown(Cow<'static, str>),
}

/// Why a request was rejected. Nothing has changed then.
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
    let of = |status, kind: &'static str, body| WireReply {
        status,
        headers: vec![("Content-Type".into(), kind.into())],
        body,
    };
    let json = |status, value: Value| of(status, "application/json", format!("{value}\n").into_bytes());
    match result {
        Ok(Content::None) => WireReply { status: 204, headers: Vec::new(), body: Vec::new() },
        Ok(Content::Json(value)) => json(200, value),
        Ok(Content::Text(text)) => of(200, "application/json", text.into_bytes()),
        Ok(Content::Markdown(text)) => of(200, "text/markdown; charset=utf-8", text.into_owned().into_bytes()),
        Err(ControlError { status, error, allowed }) => {
            let mut reply = json(status, json!({ "error": error }));
            reply.headers.extend(allowed.map(|methods| ("Allow".into(), methods.into())));
            reply
        }
    }
}
