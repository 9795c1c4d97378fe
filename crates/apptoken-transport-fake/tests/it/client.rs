//! A minimal client that sends and receives JSON.

use apptoken_core::{HashType, Ks, PartnerId};
use apptoken_transport_fake::{Account, Delivery, DeliveryKind, Fake, Token, TokenSpec, WireReply, WireRequest};
use serde_json::{Value, json};

pub(crate) const PARTNER: u32 = 101;

pub(crate) fn partner() -> PartnerId {
    PartnerId::new(PARTNER).unwrap()
}

/// A request for an action such as `session.get`.
pub(crate) fn request(action: &str, params: &Value) -> WireRequest {
    let (service, action) = action.split_once('.').unwrap_or((action, ""));
    let target = match action {
        "" => format!("/api_v3/service/{service}?format=1"),
        action => format!("/api_v3/service/{service}/action/{action}?format=1"),
    };
    WireRequest {
        method: "POST".into(),
        target,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: params.to_string().into_bytes(),
    }
}

pub(crate) fn deliver(fake: &Fake, action: &str, params: &Value) -> Delivery {
    fake.handle(&request(action, params))
}

pub(crate) fn reply(fake: &Fake, action: &str, params: &Value) -> WireReply {
    match deliver(fake, action, params).kind {
        DeliveryKind::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn call(fake: &Fake, action: &str, params: Value) -> Value {
    let reply = reply(fake, action, &params);
    assert_eq!(reply.status, 200);
    serde_json::from_slice(&reply.body).unwrap()
}

/// The code of an error; empty for a result.
pub(crate) fn code(reply: &Value) -> &str {
    match reply["objectType"].as_str() {
        Some("KalturaAPIException") => reply["code"].as_str().unwrap(),
        _ => "",
    }
}

pub(crate) fn admin(fake: &Fake) -> Ks {
    fake.admin_session(partner()).unwrap()
}

pub(crate) fn widget_ks(fake: &Fake) -> Ks {
    let reply = call(fake, "session.startWidgetSession", json!({ "widgetId": format!("_{PARTNER}") }));
    ks_of(&reply)
}

pub(crate) fn ks_of(reply: &Value) -> Ks {
    Ks::parse(reply["ks"].as_str().unwrap_or_else(|| panic!("no session: {reply}"))).unwrap()
}

/// Starts a session of a token from another session.
pub(crate) fn start(fake: &Fake, ks: &Ks, token: &Token, further: Value) -> Value {
    let hash = token.hash_type.token_hash(ks, &token.secret);
    let mut params = json!({ "ks": ks.expose(), "id": token.id.as_str(), "tokenHash": hash.expose() });
    for (name, value) in further.as_object().unwrap() {
        params[name] = value.clone();
    }
    call(fake, "appToken.startSession", params)
}

pub(crate) fn log_in(fake: &Fake, token: &Token) -> Ks {
    ks_of(&start(fake, &widget_ks(fake), token, json!({})))
}

/// Why a session cannot be used; empty if it can.
pub(crate) fn fault_of(fake: &Fake, ks: &Ks) -> String {
    // Every session may call this action.
    let reply = call(fake, "appToken.startSession", json!({ "ks": ks.expose(), "id": "none", "tokenHash": "" }));
    match code(&reply) {
        "APP_TOKEN_ID_NOT_FOUND" => String::new(),
        "INVALID_KS" => reply["args"]["KSID"].as_str().unwrap().to_owned(),
        code => code.to_owned(),
    }
}

pub(crate) fn token(fake: &Fake) -> Token {
    fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice"))
}

/// A fake with an account that has an anonymous user and no features.
pub(crate) fn fake() -> Fake {
    let fake = Fake::builder().build();
    fake.add_account(Account::new(partner()));
    fake
}
