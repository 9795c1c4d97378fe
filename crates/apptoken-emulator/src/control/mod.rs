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
use crate::counts::Tally;

/// Where it is; no path of Kaltura's begins so.
const PREFIX: &str = "/__control";

/// What can be looked at and changed.
#[derive(Debug)]
pub(crate) struct Control<'a> {
    pub(crate) fake: &'a Fake,
    pub(crate) tally: &'a Tally,
    /// The state to go back to.
    pub(crate) at_start: &'a str,
}

/// Whether a request is for the control interface.
pub(crate) fn is_for(request: &WireRequest) -> bool {
    request.target.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

impl Control<'_> {
    /// Answers a request of a caller that was checked.
    pub(crate) fn answer(&self, request: &WireRequest) -> WireReply {
        reply(self.carry_out(request))
    }

    fn carry_out(&self, request: &WireRequest) -> Result<Done, Problem> {
        let rest = request.target.strip_prefix(PREFIX).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let call = Call { fake: self.fake, method: &request.method, query, body: &request.body };
        match path.as_slice() {
            [] => match call.method {
                "GET" => Ok(Done::Page(include_str!("../../docs/control.md"))),
                _ => Err(call.not_allowed("GET")),
            },
            ["clock"] => clock::answer(&call),
            ["clock", "advance"] => clock::advance(&call),
            ["faults"] => faults::answer(&call),
            ["faults", number] => faults::one(&call, number),
            ["journal"] => journal::answer(&call),
            ["counts"] => self.counts(&call),
            ["state"] => state::answer(&call),
            ["reset"] => state::reset(&call, self.at_start),
            ["responseCache"] => state::response_cache(&call),
            ["partners", id] => accounts::partner(&call, id),
            ["appTokens", id] => accounts::app_token(&call, id),
            _ => Err(Problem::new(404, format!("nothing is here; GET {PREFIX} is the page that tells what is where"))),
        }
    }

    fn counts(&self, call: &Call<'_>) -> Result<Done, Problem> {
        if call.method != "GET" {
            return Err(call.not_allowed("GET"));
        }
        let counts = self.tally.read();
        Ok(Done::Json(json!({
            "connections": counts.connections,
            "fullHandshakes": counts.full_handshakes,
            "resumedHandshakes": counts.resumed_handshakes,
            "requests": counts.requests,
        })))
    }
}

/// A request to the control interface, taken apart.
struct Call<'a> {
    fake: &'a Fake,
    method: &'a str,
    query: &'a str,
    body: &'a [u8],
}

impl Call<'_> {
    /// The body, read as JSON whatever its content type says.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(self.body).map_err(|why| Problem::new(400, format!("the body cannot be used: {why}")))
    }

    fn not_allowed(&self, allowed: &'static str) -> Problem {
        let error = format!("{} is not for this path; it takes {allowed}", self.method);
        Problem { allowed: Some(allowed), ..Problem::new(405, error) }
    }
}

/// What was done, and what there is to say about it.
enum Done {
    Nothing,
    Json(Value),
    Text(String),
    Page(&'static str),
}

/// Why nothing was done.
#[derive(Debug)]
struct Problem {
    status: u16,
    error: String,
    allowed: Option<&'static str>,
}

impl Problem {
    fn new(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), allowed: None }
    }
}

fn reply(result: Result<Done, Problem>) -> WireReply {
    let of = |status, kind: &str, body| WireReply { status, headers: vec![("Content-Type".into(), kind.into())], body };
    let json = |status, value: Value| of(status, "application/json", format!("{value}\n").into_bytes());
    match result {
        Ok(Done::Nothing) => WireReply { status: 204, headers: Vec::new(), body: Vec::new() },
        Ok(Done::Json(value)) => json(200, value),
        Ok(Done::Text(text)) => of(200, "application/json", text.into_bytes()),
        Ok(Done::Page(text)) => of(200, "text/markdown; charset=utf-8", text.as_bytes().to_vec()),
        Err(Problem { status, error, allowed }) => {
            let mut reply = json(status, json!({ "error": error }));
            reply.headers.extend(allowed.map(|methods| ("Allow".to_owned(), methods.to_owned())));
            reply
        }
    }
}
