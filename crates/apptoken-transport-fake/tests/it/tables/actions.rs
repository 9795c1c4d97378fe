//! The actions of `appToken`: their parameters, their results, and the account of their tokens.

use std::time::Duration;

use apptoken_core::Repeat::{Always, IfNotSent};
use apptoken_core::api::app_token;
use apptoken_core::api::app_token::{
    Add, AppToken, AppTokenChanges, AppTokenFilter, Delete, Get, List, NewAppToken, Update,
};
use apptoken_core::value::Change;
use apptoken_core::{
    Action, AppTokenId, Clock as _, Error, ErrorKind, HashType, KalturaCode, PartnerId, SessionOptions, UnixSeconds,
};
use apptoken_transport_fake::{Fault, FaultKind, TokenSpec, TokenStatus};
use serde_json::{Value, json};

use super::{World, assert_alike, error_code, not_found, of_user, refused};
use crate::client::partner;

#[test]
fn no_action_finds_a_token_of_another_account() {
    for row in ["unknown", "deleted", "of another account"] {
        for action in ["get", "update", "delete", "list", "startSession"] {
            let world = World::new();
            let mut token = world.add(of_user("alice"));
            match row {
                "unknown" => token.id = AppTokenId::parse("0_zzzzzzzz").unwrap(),
                "deleted" => world.call(Delete { id: token.id.clone() }).unwrap(),
                _ => token.id = world.fake.add_token(PartnerId::new(202).unwrap(), TokenSpec::new(HashType::Sha1)).id,
            }
            let row = format!("{action} of one {row}");
            let result = call(&world, action, &token);
            let wire = world.wire.borrow();
            let expected = match action {
                "list" => json!({ "totalCount": 0, "objects": [] }),
                _ => not_found(token.id.as_str()),
            };
            assert_alike(&row, &wire.answer, &expected);
            if action != "list" {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound), "{row}");
            }
        }
    }
}

fn call(world: &World, action: &str, token: &AppToken) -> Result<(), Error> {
    let id = token.id.clone();
    match action {
        "get" => world.call(Get { id }).map(drop),
        "update" => world.call(Update { id, changes: AppTokenChanges::default() }).map(drop),
        "delete" => world.call(Delete { id }),
        "list" => world.call(List::new(AppTokenFilter { id_equal: Some(id), ..Default::default() })).map(drop),
        _ => world.start(token, SessionOptions::default()).map(drop),
    }
}

#[test]
fn invalid_fields_of_a_typed_token_are_errors() {
    let bad_user = refused("INVALID_FIELD_VALUE", json!({ "FIELD_NAME": "sessionUserId" }));
    let bad_char = refused("INVALID_PARAMETER_CHAR", json!({ "XML_FIELD": "description" }));
    let described = |text: &str| NewAppToken { description: Some(text.into()), ..of_user("alice") };
    for (row, app_token, answer) in [
        ("a user id that none may have", of_user("a b"), bad_user),
        ("a control character", described("a\u{1}b"), bad_char.clone()),
        ("a character that XML cannot hold", described("\u{ffff}"), bad_char),
        ("lines and tabs are text", described("a\n\tb\r"), json!({ "description": "a\n\tb\r" })),
    ] {
        let world = World::new();
        let sent = serde_json::to_value(Add { app_token: app_token.clone() }).unwrap();
        world.check(row, Add { app_token }, sent, answer.clone());
        let is_added = !world.fake.tokens(partner()).is_empty();
        assert_eq!(is_added, error_code(&answer).is_none(), "{row}: what is refused is not added");
    }
}

#[test]
fn missing_parameters_are_errors() {
    let missing = |name: &str| refused("MISSING_MANDATORY_PARAMETER", json!({ "PARAM_NAME": name }));
    for (row, params, answer) in [
        ("appToken.add", json!({}), missing("appToken")),
        ("appToken.add", json!({ "appToken": null }), missing("appToken")),
        ("appToken.get", json!({}), missing("id")),
        ("appToken.update", json!({ "id": "0_zzzzzzzz" }), missing("appToken")),
        ("appToken.update", json!({ "appToken": {} }), missing("id")),
        ("appToken.delete", json!({}), missing("id")),
        ("appToken.startSession", json!({ "id": "0_zzzzzzzz" }), missing("tokenHash")),
        ("appToken.startSession", json!({ "tokenHash": "" }), missing("id")),
        ("appToken.list", json!({}), json!({ "totalCount": 0, "objects": [] })),
    ] {
        World::new().check_by_hand(&format!("{row} with {params}"), row, params, answer);
    }
}

#[test]
fn an_update_sends_only_changed_fields() {
    let world = World::new();
    let token = world.add(NewAppToken { description: Some("old".into()), ..of_user("alice") });
    let changes = AppTokenChanges { description: Change::Set("new".into()), ..AppTokenChanges::default() };
    world.check(
        "partial update",
        Update { id: token.id.clone(), changes },
        json!({ "id": token.id.as_str(), "appToken": { "description": "new" } }),
        json!({ "description": "new", "sessionUserId": "alice", "hashType": "SHA1", "sessionDuration": 86_400 }),
    );
}

/// A typed change has only writable fields, so it cannot send back a whole token.
#[test]
fn an_update_may_repeat_some_read_only_properties() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let shown = world.wire.borrow().answer.clone();
    let not_updatable = |property: &str| {
        refused("PROPERTY_VALIDATION_NOT_UPDATABLE", json!({ "PROP_NAME": format!("KalturaAppToken::{property}") }))
    };
    for (property, answer) in [
        ("id", json!({ "status": 2 })),
        ("token", json!({ "status": 2 })),
        ("partnerId", json!({ "status": 2 })),
        ("status", json!({ "status": 2 })),
        ("createdAt", not_updatable("createdAt")),
        ("updatedAt", not_updatable("updatedAt")),
    ] {
        let update = json!({ "id": token.id.as_str(), "appToken": { property: shown[property] } });
        world.check_by_hand(property, "appToken.update", update, answer);
    }
    let whole = json!({ "id": token.id.as_str(), "appToken": shown });
    world.check_by_hand("the whole token", "appToken.update", whole, not_updatable("createdAt"));
}

#[test]
fn a_token_can_be_deleted_once() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let (id, delete) = (token.id.as_str(), || Delete { id: token.id.clone() });
    world.check("first", delete(), json!({ "id": id }), Value::Null);
    assert_eq!(world.fake.token(&token.id).unwrap().status, TokenStatus::Deleted);
    world.check("second", delete(), json!({ "id": id }), not_found(id));
}

#[test]
fn a_lock_timeout_is_retried() {
    let world = World::new();
    world.fake.inject(Fault::on("appToken.add", FaultKind::ApiError("LOCK_TIMED_OUT".into())).nth(1));
    world.add(of_user("alice"));
    assert_eq!(world.fake.journal().count("appToken.add"), 2);
    assert_eq!(world.fake.tokens(partner()).len(), 1);
    assert!(!world.fake.clock().now().elapsed.is_zero(), "not at once");
}

#[test]
fn reads_and_logins_can_be_repeated_but_not_changes() {
    for (row, repeat, expected) in [
        ("add", Add::REPEAT, IfNotSent),
        ("update", Update::REPEAT, IfNotSent),
        ("delete", Delete::REPEAT, IfNotSent),
        ("get", Get::REPEAT, Always),
        ("list", List::REPEAT, Always),
        ("startSession", app_token::StartSession::REPEAT, Always),
    ] {
        assert_eq!(repeat, expected, "{row}");
    }
    let world = World::new();
    world.fake.inject(Fault::on("appToken.add", FaultKind::Reset).nth(1).after_commit());
    let error = world.call(Add { app_token: of_user("alice") }).unwrap_err();
    assert_eq!((error.kind(), error.may_have_acted()), (ErrorKind::NoReply, true));
    assert_eq!(world.fake.tokens(partner()).len(), 1, "added once, although no answer came");
}

#[test]
fn the_errors_of_a_login_come_in_this_order() {
    let world = World::new();
    let now = UnixSeconds(world.now());
    let expiry = app_token::TokenExpiry::after(Duration::from_secs(10), now).unwrap();
    let mut token = world.add(NewAppToken { expiry: Some(expiry), ..of_user("alice") });
    world.fake.clock().advance(Duration::from_secs(11));
    let code = |token: &AppToken| world.start(token, SessionOptions::default()).unwrap_err().kind();
    assert_eq!(code(&token), ErrorKind::Kaltura(KalturaCode::AppTokenExpired));
    token.hash_type = HashType::Sha512;
    assert_eq!(code(&token), ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash), "before the expiry");
    assert!(world.fake.set_token_status(&token.id, TokenStatus::Disabled));
    assert_eq!(code(&token), ErrorKind::Kaltura(KalturaCode::AppTokenNotActive), "before the hash");
    assert!(world.fake.set_token_status(&token.id, TokenStatus::Deleted));
    assert_eq!(code(&token), ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound), "before the status");
}
