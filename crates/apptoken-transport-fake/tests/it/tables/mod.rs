//! Tables of facts about app tokens, row by row: mistakes of clients in requests, and surprises in replies.
//!
//! If a typed action can send the request of a row, the test uses it and compares the request and the reply. The other
//! rows are sent by hand: users of the typed actions cannot make these mistakes.

mod actions;
mod deletion;
mod fields;
mod lists;
mod newer_guides;
mod odd_partners;
mod older_documents;
mod permissions;
mod session_user;
mod user_lists;
mod users;

use std::cell::RefCell;

use apptoken_core::api::app_token::{Add, AppToken, NewAppToken, StartSession, StartedSession};
use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::api::{session, user_role};
use apptoken_core::{
    Action, Call, Clock as _, Credential, Endpoint, Error, ErrorKind, Flow, HttpRequest, HttpResponse, KalturaCode, Ks,
    Login, Session, SessionOptions, SessionType, StoppedFlow, Transport, TransportFailure, drive,
};
use apptoken_ks::OpenedKs;
use apptoken_transport_fake::Fake;
use serde_json::{Value, json};

use crate::client::{self, partner};

/// An account of a fake, its administrator, and the last request and reply.
struct World {
    fake: Fake,
    admin: Ks,
    wire: RefCell<Wire>,
}

#[derive(Default)]
struct Wire {
    sent: Value,
    answer: Value,
}

impl World {
    fn new() -> Self {
        Self::of(Fake::new())
    }

    fn of(fake: Fake) -> Self {
        let admin = fake.admin_session(partner()).unwrap();
        Self { fake, admin, wire: RefCell::default() }
    }

    fn now(&self) -> i64 {
        self.fake.clock().time().0
    }

    /// Compares the request and reply of a typed action of the administrator.
    fn check<A: Action>(&self, row: &str, action: A, sent: Value, answer: Value) {
        let result = self.call(action);
        let wire = self.wire.borrow();
        assert_eq!(wire.sent, sent, "{row}: sent");
        assert_alike(row, &wire.answer, &answer);
        assert_eq!(
            result.err().and_then(|error| error.code().map(str::to_owned)).as_deref(),
            error_code(&answer),
            "{row}"
        );
    }

    /// Compares the reply to parameters that no typed action sends.
    fn check_by_hand(&self, row: &str, action: &str, params: Value, answer: Value) {
        assert_alike(row, &self.call_by_hand(action, params), &answer);
    }

    fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        self.call_with(Some(&self.admin), action)
    }

    fn call_with<A: Action>(&self, ks: Option<&Ks>, action: A) -> Result<A::Reply, Error> {
        let call = Call::new(endpoint(), action);
        Ok(self.run(match ks {
            Some(ks) => call.with_ks(ks.clone()),
            None => call,
        })?)
    }

    fn call_by_hand(&self, action: &str, mut params: Value) -> Value {
        params["ks"] = self.admin.expose().into();
        client::call(&self.fake, action, params)
    }

    fn run<F: Flow>(&self, flow: F) -> Result<F::Output, StoppedFlow<F>> {
        let clock = self.fake.clock();
        drive(flow.start(clock.now()).unwrap(), self, clock)
    }

    fn add(&self, app_token: NewAppToken) -> AppToken {
        self.call(Add { app_token }).unwrap()
    }

    fn login(&self, token: &AppToken) -> Login {
        let value = token.token.clone().unwrap();
        Login::new(endpoint(), Credential::new(partner(), token.id.clone(), value, token.hash_type))
    }

    fn log_in(&self, token: &AppToken) -> Session {
        self.run(self.login(token)).unwrap()
    }

    /// A session of a token, started with a new widget session. It may be expired at once.
    fn start(&self, token: &AppToken, options: SessionOptions) -> Result<StartedSession, Error> {
        self.start_from(&self.widget_ks(), token, options)
    }

    fn start_from(&self, ks: &Ks, token: &AppToken, options: SessionOptions) -> Result<StartedSession, Error> {
        let token_hash = token.hash_type.token_hash(ks, token.token.as_ref().unwrap());
        self.call_with(Some(ks), StartSession { id: token.id.clone(), token_hash, options })
    }

    fn widget_ks(&self) -> Ks {
        self.call_with(None, StartWidgetSession::of(partner())).unwrap().ks
    }

    /// A session that is started with the account secret; of no user if the id is empty.
    fn session_of(&self, session_type: SessionType, user_id: &str) -> Ks {
        let secret = self.fake.admin_secret(partner()).unwrap();
        let user_id = (!user_id.is_empty()).then(|| user_id.to_owned());
        self.call_with(None, session::Start { user_id, ..session::Start::new(partner(), secret, session_type) })
            .unwrap()
    }

    /// A role with these permissions; its id as text.
    fn role(&self, permissions: &[&str]) -> String {
        let name = format!("role with {}", permissions.join(" and "));
        self.call(user_role::Add { user_role: user_role::NewUserRole::new(name, permissions) }).unwrap().id.to_string()
    }

    /// Why a session cannot be used; empty if it can.
    fn fault_of(&self, ks: &Ks) -> String {
        client::fault_of(&self.fake, ks)
    }

    fn open(&self, ks: &Ks) -> OpenedKs {
        apptoken_ks::open(ks.expose(), |_| self.fake.admin_secret(partner())).unwrap()
    }
}

impl Transport for World {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let reply = self.fake.send(request)?;
        let mut sent: Value = serde_json::from_slice(request.body()).unwrap();
        for common in ["ks", "format", "clientTag"] {
            sent.as_object_mut().unwrap().remove(common);
        }
        *self.wire.borrow_mut() = Wire { sent, answer: serde_json::from_slice(reply.body()).unwrap() };
        Ok(reply)
    }
}

fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

/// A token whose sessions have a user.
fn of_user(user_id: &str) -> NewAppToken {
    NewAppToken { session_user_id: Some(user_id.to_owned()), ..NewAppToken::default() }
}

/// An expected error reply.
fn refused(code: &str, args: Value) -> Value {
    json!({ "objectType": "KalturaAPIException", "code": code, "args": args })
}

fn not_found(id: &str) -> Value {
    refused("APP_TOKEN_ID_NOT_FOUND", json!({ "ID": id }))
}

fn error_code(answer: &Value) -> Option<&str> {
    (answer["objectType"] == "KalturaAPIException").then(|| answer["code"].as_str().unwrap())
}

fn assert_alike(row: &str, answer: &Value, expected: &Value) {
    assert!(is_alike(answer, expected), "{row}: answered {answer} instead of {expected}");
}

/// Whether a reply contains everything that is expected. A member that is expected to be null must be absent.
fn is_alike(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(members), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| match members.get(name) {
                Some(member) => is_alike(member, expected),
                None => expected.is_null(),
            })
        }
        _ => answer == expected,
    }
}

fn is_invalid_input<T>(result: Result<T, Error>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::InvalidInput)
}

/// The error code of Kaltura, if there is one.
fn code(result: Result<(), Error>) -> Option<KalturaCode> {
    match result.err()?.kind() {
        ErrorKind::Kaltura(code) => Some(code),
        kind => panic!("{kind:?}"),
    }
}
