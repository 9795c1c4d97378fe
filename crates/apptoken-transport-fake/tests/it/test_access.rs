//! Tokens and sessions that a test makes without an API call.

use std::time::Duration;

use apptoken_core::{AppTokenId, HashType, PartnerId};
use apptoken_transport_fake::{Fake, SessionSpec, TokenStatus};
use serde_json::json;

use crate::client::{PARTNER, admin, call, code, fake, fault_of, log_in, partner};

const CONFIG: &str = r#"{
  "partners": [{"id": 101, "adminSecret": "an-admin-secret", "secret": "a-user-secret"}],
  "appTokens": [
    {"partnerId": 101, "id": "0_importer", "token": "0123456789abcdef0123456789abcdef", "hashType": "SHA512",
     "sessionUserId": "importer", "sessionType": 2, "sessionDuration": 600, "sessionPrivileges": "list:*",
     "expiry": 1900000000, "description": "imports lectures", "objectType": "KalturaAppToken"},
    {"partnerId": 101, "id": "0_old", "status": 1},
    {"partnerId": 101}
  ]
}"#;

fn configured() -> Fake {
    Fake::from_config(CONFIG).unwrap()
}

#[test]
fn a_configured_token_logs_in_and_shows_its_properties() {
    let fake = configured();
    let token = fake.token(&AppTokenId::parse("0_importer").unwrap()).unwrap();
    assert_eq!((token.secret.expose(), token.hash_type), ("0123456789abcdef0123456789abcdef", HashType::Sha512));
    let session = log_in(&fake, &token);
    let read = call(&fake, "appToken.get", json!({ "ks": session.expose(), "id": "0_importer" }));
    for (name, value) in [
        ("sessionUserId", json!("importer")),
        ("sessionType", json!(2)),
        ("sessionDuration", json!(600)),
        ("sessionPrivileges", json!("list:*")),
        ("expiry", json!(1_900_000_000)),
        ("description", json!("imports lectures")),
        ("status", json!(2)),
    ] {
        assert_eq!(read[name], value, "{name}");
    }
}

#[test]
fn what_a_configured_token_lacks_is_as_the_api_sets_it() {
    let fake = configured();
    let tokens = fake.tokens(partner());
    assert_eq!(tokens.len(), 3);
    let other = tokens.iter().find(|token| !matches!(token.id.as_str(), "0_importer" | "0_old")).unwrap();
    assert_eq!((other.hash_type, other.status, other.secret.expose().len()), (HashType::Sha1, TokenStatus::Active, 32));
    let old = tokens.iter().find(|token| token.id.as_str() == "0_old").unwrap();
    assert_eq!(old.status, TokenStatus::Disabled);
    let read = call(&fake, "appToken.get", json!({ "ks": admin(&fake).expose(), "id": other.id.as_str() }));
    assert_eq!(read["sessionDuration"], 86_400);
}

#[test]
fn a_configured_account_can_add_a_token_without_a_user() {
    let fake = configured();
    let added = call(&fake, "appToken.add", json!({ "ks": admin(&fake).expose(), "appToken": {} }));
    assert_eq!(code(&added), "");
}

#[test]
fn random_secrets_do_not_replace_a_chosen_value() {
    let fake = configured();
    let values = || -> Vec<_> { fake.tokens(partner()).iter().map(|token| token.secret.expose().to_owned()).collect() };
    let before = values();
    fake.use_system_randomness();
    let changed = before.iter().zip(values()).filter(|(before, after)| *before != after).count();
    assert_eq!((before.len(), changed), (3, 2));
}

#[test]
fn a_deleted_token_is_not_found_and_its_sessions_are_revoked() {
    let fake = configured();
    let id = AppTokenId::parse("0_importer").unwrap();
    let session = log_in(&fake, &fake.token(&id).unwrap());
    assert_eq!(fault_of(&fake, &session), "");
    assert!(fake.delete_token(&id));
    assert_eq!(fault_of(&fake, &session), "LOGOUT");
    assert_eq!(fake.token(&id).unwrap().status, TokenStatus::Deleted);
    assert!(!fake.delete_token(&id));
}

#[test]
fn sessions_have_the_user_type_privileges_and_end_asked_for() {
    let fake = fake();
    let read = |spec| {
        let ks = fake.session(partner(), spec).unwrap();
        call(&fake, "session.get", json!({ "ks": admin(&fake).expose(), "session": ks.expose() }))
    };
    let now = fake.clock().time().0;
    let user = read(SessionSpec::user("alice").privileges("sview:*").expires_in(100));
    assert_eq!(
        (&user["userId"], &user["sessionType"], &user["privileges"], &user["expiry"]),
        (&json!("alice"), &json!("0"), &json!("sview:*"), &json!((now + 100).to_string()))
    );
    let admin = read(SessionSpec::admin("root"));
    assert_eq!((&admin["userId"], &admin["sessionType"]), (&json!("root"), &json!("2")));
    assert!(fake.session(PartnerId::new(PARTNER + 1).unwrap(), SessionSpec::widget()).is_none());
}

#[test]
fn a_widget_session_has_the_privileges_of_its_widget() {
    let fake = fake();
    let widget = fake.session(partner(), SessionSpec::widget().privileges("appid:tests")).unwrap();
    let read = call(&fake, "session.get", json!({ "ks": admin(&fake).expose(), "session": widget.expose() }));
    assert_eq!((&read["userId"], &read["privileges"]), (&json!("0"), &json!("view:*,widget:1,appid:tests")));
}

#[test]
fn a_session_that_ends_before_now_has_expired() {
    let fake = fake();
    for spec in [SessionSpec::admin("a"), SessionSpec::user("b"), SessionSpec::widget()] {
        let expired = fake.session(partner(), spec.clone().expires_in(-1)).unwrap();
        assert_eq!(fault_of(&fake, &expired), "EXPIRED");
        let short = fake.session(partner(), spec.expires_in(60)).unwrap();
        assert_eq!(fault_of(&fake, &short), "");
        fake.clock().advance(Duration::from_secs(61));
        assert_eq!(fault_of(&fake, &short), "EXPIRED");
    }
}
