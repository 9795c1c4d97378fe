//! What the client library says of a reply: the texts are its own, because it reads the reply here.

use std::time::Duration;

use apptoken_core::error::ActionName;
use apptoken_core::{
    Action, AppTokenId, AppTokenSecret, Call, Credential, Endpoint, Error, HashType, HttpResponse, Login, Moment,
    PartnerId, RetryPolicy, Step, UnixSeconds,
};
use apptoken_transport_fake::{Fake, Refusal};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Content, ControlError, ControlRequest};

/// A reply that a client received.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReceivedReply {
    action: String,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    body: String,
    /// The hash type of a login.
    hash_type: Option<HashType>,
}

fn ok() -> u16 {
    200
}

pub(super) fn advice(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let ReceivedReply { action, status, body, hash_type } = request.json()?;
    let error = match hash_type.filter(|_| action.eq_ignore_ascii_case(START_SESSION)) {
        Some(hash_type) => error_of_login(hash_type, status, &body),
        None => error_of_call(&action, status, &body),
    };
    Ok(Content::Json(json!({ "error": error.as_ref().map(words) })))
}

/// What the library says of a refusal.
pub(super) fn of_refusal(action: &str, refusal: &Refusal) -> Value {
    let body = if refusal.code.is_empty() || refusal.is_in_header {
        String::new()
    } else {
        let args: Map<String, Value> =
            refusal.args.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let (code, message) = (&refusal.code, &refusal.message);
        json!({ "code": code, "message": message, "objectType": "KalturaAPIException", "args": args }).to_string()
    };
    error_of_call(action, refusal.status, &body).as_ref().map_or(Value::Null, words)
}

fn words(error: &Error) -> Value {
    json!({
        "code": error.code(),
        "error": error.to_string(),
        "advice": error.advice(),
        "transient": error.is_transient(),
    })
}

const START_SESSION: &str = "appToken.startSession";

/// No time passes while a reply is read.
const NOW: Moment = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };

/// The error of a call that receives the reply; `None` if it is a result.
fn error_of_call(action: &str, status: u16, body: &str) -> Option<Error> {
    let call = Call::new(endpoint().ok()?, NamedAction(name_of(action))).retry(RetryPolicy::none());
    let exchange = call.start(NOW).ok()?;
    exchange.receive(&response(status, body), NOW).err().map(|stopped| stopped.error)
}

/// The error of a login whose second request receives the reply.
fn error_of_login(hash_type: HashType, status: u16, body: &str) -> Option<Error> {
    // More than a login ever sends.
    const MAX_REQUESTS: usize = 8;
    const PARTNER: u32 = 101;
    let token = AppTokenSecret::parse("0").ok()?;
    let credential = Credential::new(PartnerId::new(PARTNER).ok()?, AppTokenId::parse("0_a").ok()?, token, hash_type);
    let mut exchange = Login::new(endpoint().ok()?, credential).retry(RetryPolicy::none()).start(NOW).ok()?;
    let widget =
        json!({ "objectType": "KalturaStartWidgetSessionResponse", "partnerId": PARTNER, "ks": "a", "userId": "0" });
    for _ in 0..MAX_REQUESTS {
        let reply = match exchange.request().url().contains("startWidgetSession") {
            true => response(200, &widget.to_string()),
            false => response(status, body),
        };
        match exchange.receive(&reply, NOW) {
            Ok(Step::Send(next) | Step::Wait(_, next)) => exchange = next,
            Ok(Step::Done(_)) => return None,
            Err(stopped) => return Some(stopped.error),
        }
    }
    None
}

fn endpoint() -> Result<Endpoint, Error> {
    Endpoint::parse_allowing_unencrypted_http("http://127.0.0.1")
}

fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status, [] as [(&str, &str); 0], body.as_bytes().to_vec())
}

/// An action that is named at run time.
struct NamedAction(ActionName);

impl Serialize for NamedAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Map::new().serialize(serializer)
    }
}

impl Action for NamedAction {
    type Reply = Value;
    // Not used: each value has its own name.
    const SERVICE: &'static str = "";
    const ACTION: &'static str = "";

    fn target(&self) -> ActionName {
        self.0
    }
}

/// The name of an action that exists, or one that stands for all others.
fn name_of(action: &str) -> ActionName {
    let all = Fake::coverage();
    let (service, action) = action.split_once('.').unwrap_or((action, ""));
    let is_meant = |one: &str, other: &str| one.eq_ignore_ascii_case(service) && other.eq_ignore_ascii_case(action);
    match all.iter().find(|known| is_meant(known.service, known.action)) {
        Some(known) => ActionName { service: known.service, action: known.action },
        None => ActionName { service: "unknown", action: "action" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_library() {
        let body =
            r#"{"code":"APP_TOKEN_EXPIRED","message":"x","objectType":"KalturaAPIException","args":{"ID":"0_a"}}"#;
        let error = error_of_call(START_SESSION, 200, body).unwrap();
        let expected = Error::from_kaltura("APP_TOKEN_EXPIRED", "x");
        assert_eq!(error.advice(), expected.advice());
        assert!(error.to_string().starts_with("appToken.startSession: "), "{error}");
        assert!(error_of_call("system.ping", 200, "true").is_none());
        assert!(error_of_call("system.ping", 502, "<html>").is_some_and(|error| error.is_transient()));
    }

    #[test]
    fn a_refused_hash_is_explained_as_by_a_login() {
        let body = r#"{"code":"INVALID_APP_TOKEN_HASH","message":"Invalid application token hash","objectType":"KalturaAPIException","args":{}}"#;
        let advice = |hash_type| error_of_login(hash_type, 200, body).unwrap().advice().into_owned();
        assert!(advice(HashType::Sha256).contains("SHA256") && advice(HashType::Md5).contains("MD5"));
    }
}
