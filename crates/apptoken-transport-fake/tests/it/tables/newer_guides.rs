//! Compares what the vendor's guides of 2026 say about app tokens with what the server does.

use std::time::Duration;

use apptoken_core::api::app_token::{
    Add, AppToken, AppTokenChanges, Delete, Get, List, NewAppToken, TokenExpiry, Update,
};
use apptoken_core::api::{user, user_role};
use apptoken_core::value::Change;
use apptoken_core::{
    AppTokenId, Clock as _, ErrorKind, HashType, KalturaCode, KsFault, Privileges, SessionType, UnixSeconds,
};
use apptoken_transport_fake::{Fault, FaultKind};
use serde_json::json;

use super::{World, assert_alike, is_invalid_input, of_user, refused};

#[test]
fn hash_type_and_session_type_can_be_changed() {
    let world = World::new();
    let token = world.add(NewAppToken { session_type: Some(SessionType::User), ..of_user("alice") });
    let changes = AppTokenChanges {
        hash_type: Some(HashType::Sha512),
        session_type: SessionType::Admin.into(),
        ..AppTokenChanges::default()
    };
    let changed = world.call(Update { id: token.id.clone(), changes }).unwrap();
    assert!(world.run(world.login(&token)).is_err(), "whoever uses the token must change with it");
    let session = world.log_in(&changed);
    assert_eq!((session.hash_type(), session.session_type()), (HashType::Sha512, SessionType::Admin));
}

#[test]
fn an_expiry_or_duration_of_zero_is_not_a_default() {
    let world = World::new();
    let now = UnixSeconds(world.now());
    assert!(is_invalid_input(TokenExpiry::after(Duration::ZERO, now)), "cannot be said");
    let add = |app_token| {
        let added = world.call_by_hand("appToken.add", json!({ "appToken": app_token }));
        serde_json::from_value::<AppToken>(added).unwrap()
    };
    let ended = add(json!({ "sessionUserId": "alice", "expiry": 0 }));
    assert_eq!(ended.expiry, Some(now), "expiry 0 is now");
    let login = |token| world.run(world.login(token)).unwrap_err().error.kind();
    assert_eq!(login(&ended), ErrorKind::AlreadyExpired);
    world.fake.clock().advance(Duration::from_secs(1));
    assert_eq!(login(&ended), ErrorKind::Kaltura(KalturaCode::AppTokenExpired));
    let dead = add(json!({ "sessionUserId": "alice", "sessionDuration": 0 }));
    assert_eq!(login(&dead), ErrorKind::AlreadyExpired, "sessionDuration 0: no session lives");
    let changes = AppTokenChanges { expiry: Change::Clear, ..AppTokenChanges::default() };
    let endless = world.call(Update { id: ended.id, changes }).unwrap();
    assert_eq!(endless.expiry, None, "never");
    assert_eq!(world.log_in(&endless).lifetime(), Duration::from_secs(86_400));
}

#[test]
fn a_token_cannot_be_disabled() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let answer = refused("PROPERTY_VALIDATION_NOT_UPDATABLE", json!({ "PROP_NAME": "KalturaAppToken::status" }));
    for status in [1, 3] {
        let update = json!({ "id": token.id.as_str(), "appToken": { "status": status } });
        world.check_by_hand(&format!("status {status}"), "appToken.update", update, answer.clone());
    }
    assert_eq!(world.call(Get { id: token.id.clone() }).unwrap().status, token.status);
}

#[test]
fn tokens_are_managed_with_the_right_permissions() {
    let world = World::new();
    let role = world.role(&["APP_TOKEN_BASE", "APP_TOKEN_ADD", "APP_TOKEN_UPDATE", "APP_TOKEN_DELETE"]);
    let session_privileges = Some(Privileges::new().set_role(&role).unwrap());
    let of_role = NewAppToken { session_privileges, session_type: Some(SessionType::User), ..of_user("alice") };
    let ks = world.log_in(&world.add(of_role)).ks().clone();
    let added = world.call_with(Some(&ks), Add { app_token: of_user("bob") }).unwrap();
    let listed = world.call_with(Some(&ks), List::default()).unwrap().objects;
    assert!(listed.iter().all(|token| token.token.is_some()), "it sees the values of all tokens");
    assert_eq!(world.call_with(Some(&ks), Delete { id: added.id }).ok(), Some(()));
}

#[test]
fn a_used_up_session_fails_and_a_rate_limit_is_retried() {
    let world = World::new();
    let session_privileges = Some(Privileges::new().actions_limit(2).unwrap());
    let ks = world.log_in(&world.add(NewAppToken { session_privileges, ..of_user("alice") })).ks().clone();
    let get = || world.call_with(Some(&ks), user::Get::default()).map(|user| user.id).map_err(|error| error.kind());
    assert_eq!(get(), Ok("alice".into()));
    assert_eq!(get(), Ok("alice".into()));
    let used_up = ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::ActionsLimitExceeded));
    assert_eq!(get(), Err(used_up), "the session's own limit");

    let token = world.add(of_user("alice"));
    world.fake.inject(Fault::on("appToken.startSession", FaultKind::ActionBlocked).nth(1));
    let began = world.fake.clock().now();
    assert_eq!(world.log_in(&token).user_id(), "alice", "the server's limit is waited for");
    assert_ne!(world.fake.clock().now(), began);
    world.fake.inject(Fault::on("appToken.startSession", FaultKind::ActionBlocked));
    let error = world.run(world.login(&token)).unwrap_err().error;
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Kaltura(KalturaCode::ActionBlocked), true));
}

#[test]
fn each_address_of_iprestrict_is_compared() {
    let restricted = ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::RestrictedIp));
    for (row, addresses, result) in [
        ("the address", "127.0.0.1", None),
        ("one of several", "10.0.0.1/127.0.0.1", None),
        ("another", "10.0.0.1", Some(restricted)),
        ("a range that holds it", "127.0.0.0/8", Some(restricted)),
    ] {
        let world = World::new();
        let session_privileges = Some(Privileges::parse(&format!("iprestrict:{addresses}")));
        let ks = world.log_in(&world.add(NewAppToken { session_privileges, ..of_user("alice") })).ks().clone();
        let get = world.call_with(Some(&ks), user::Get::default());
        assert_eq!(get.err().map(|error| error.kind()), result, "{row}");
    }
}

#[test]
fn results_have_no_envelope() {
    let world = World::new();
    world.widget_ks();
    let answer = world.wire.borrow().answer.clone();
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_alike(
        "widget session",
        &answer,
        &json!({ "partnerId": 101, "userId": 0, "objectType": "KalturaStartWidgetSessionResponse" }),
    );
}

#[test]
fn error_codes_that_only_the_guides_name_do_not_occur() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let session = world.log_in(&token);
    let other = AppTokenId::parse("0_zzzzzzzz").unwrap();
    let unknown = world.call(Get { id: other }).map(drop);
    let role = world.call(user_role::Get { user_role_id: 99_999 }).map(drop);
    let expiry = Some(TokenExpiry::after(Duration::from_secs(1), UnixSeconds(world.now())).unwrap());
    let ending = world.add(NewAppToken { expiry, ..of_user("alice") });
    world.fake.clock().advance(Duration::from_secs(90_000));
    let ended = world.run(world.login(&ending)).map(drop).map_err(|stopped| stopped.error);
    let expired = world.call_with(Some(session.ks()), user::Get::default()).map(drop);
    for (named_by_the_guides, result, code) in [
        ("INVALID_APP_TOKEN_ID", unknown, "APP_TOKEN_ID_NOT_FOUND"),
        ("INVALID_ROLE_ID", role, "INVALID_OBJECT_ID"),
        ("EXPIRED_TOKEN", ended, "APP_TOKEN_EXPIRED"),
        ("EXPIRED_KS", expired, "INVALID_KS"),
    ] {
        assert_eq!(result.unwrap_err().code(), Some(code), "{named_by_the_guides}");
    }
}
