//! The fields of an app token: the input of `appToken.add` and `appToken.update`, and their replies.

use std::time::Duration;

use apptoken_core::api::app_token::{Add, AppToken, AppTokenChanges, Get, List, NewAppToken, TokenExpiry, Update};
use apptoken_core::api::user;
use apptoken_core::value::Change;
use apptoken_core::{AppTokenId, HashType, Privileges, SessionOptions, SessionType, UnixSeconds};
use apptoken_transport_fake::{Account, Fake, TokenStatus};
use serde_json::{Value, json};

use super::{World, is_invalid_input, of_user, refused};
use crate::client::{PARTNER, partner};

#[test]
fn every_field_of_a_new_token_is_sent_and_returned() {
    let now = World::new().now();
    let in_an_hour = TokenExpiry::after(Duration::from_secs(3_600), UnixSeconds(now)).unwrap();
    let at_a_date = TokenExpiry::at(UnixSeconds(now + 86_400), UnixSeconds(now)).unwrap();
    let hash_type = |hash_type| NewAppToken { hash_type: Some(hash_type), ..none() };
    let duration = |seconds| NewAppToken { session_duration: Some(Duration::from_secs(seconds)), ..none() };
    let privileges = |text| NewAppToken { session_privileges: Some(Privileges::parse(text)), ..none() };
    let session_type = |session_type| NewAppToken { session_type: Some(session_type), ..none() };
    for (row, app_token, sent, answer) in [
        (
            "nothing given: what is null is absent",
            none(),
            json!({}),
            json!({
                "partnerId": PARTNER, "createdAt": now, "updatedAt": now, "status": 2, "expiry": null,
                "sessionType": null, "sessionUserId": null, "sessionDuration": 86_400, "sessionPrivileges": null,
                "hashType": "SHA1", "description": null, "objectType": "KalturaAppToken",
            }),
        ),
        (
            "expiry as a duration is sent as a date",
            NewAppToken { expiry: Some(in_an_hour), ..none() },
            json!({ "expiry": now + 3_600 }),
            json!({ "expiry": now + 3_600 }),
        ),
        (
            "expiry as a date",
            NewAppToken { expiry: Some(at_a_date), ..none() },
            json!({ "expiry": now + 86_400 }),
            json!({ "expiry": now + 86_400 }),
        ),
        ("sessionType user", session_type(SessionType::User), json!({ "sessionType": 0 }), json!({ "sessionType": 0 })),
        (
            "sessionType admin",
            session_type(SessionType::Admin),
            json!({ "sessionType": 2 }),
            json!({ "sessionType": 2 }),
        ),
        ("sessionUserId", of_user("a@b.c"), json!({ "sessionUserId": "a@b.c" }), json!({ "sessionUserId": "a@b.c" })),
        ("sessionDuration", duration(60), json!({ "sessionDuration": 60 }), json!({ "sessionDuration": 60 })),
        (
            "sessionDuration beyond the account's maximum",
            duration(1_000_000),
            json!({ "sessionDuration": 1_000_000 }),
            json!({ "sessionDuration": 1_000_000 }),
        ),
        (
            "sessionPrivileges are not validated",
            privileges("setrole:99999,nonsense"),
            json!({ "sessionPrivileges": "setrole:99999,nonsense" }),
            json!({ "sessionPrivileges": "setrole:99999,nonsense" }),
        ),
        ("hashType MD5", hash_type(HashType::Md5), json!({ "hashType": "MD5" }), json!({ "hashType": "MD5" })),
        ("hashType SHA1", hash_type(HashType::Sha1), json!({ "hashType": "SHA1" }), json!({ "hashType": "SHA1" })),
        (
            "hashType SHA256",
            hash_type(HashType::Sha256),
            json!({ "hashType": "SHA256" }),
            json!({ "hashType": "SHA256" }),
        ),
        (
            "hashType SHA512",
            hash_type(HashType::Sha512),
            json!({ "hashType": "SHA512" }),
            json!({ "hashType": "SHA512" }),
        ),
        (
            "description",
            NewAppToken { description: Some("für <b>/importer</b> & \"co\"".into()), ..none() },
            json!({ "description": "für <b>/importer</b> & \"co\"" }),
            json!({ "description": "für <b>/importer</b> & \"co\"" }),
        ),
    ] {
        World::new().check(row, Add { app_token }, json!({ "appToken": sent }), answer);
    }
}

#[test]
fn every_changed_field_is_sent_and_returned() {
    let now = World::new().now();
    let later = TokenExpiry::at(UnixSeconds(now + 9_000), UnixSeconds(now)).unwrap();
    let keep = AppTokenChanges::default;
    let before = json!({
        "createdAt": now, "updatedAt": now + 5, "status": 2, "expiry": now + 1_000, "sessionType": 0,
        "sessionUserId": "alice", "sessionDuration": 100, "sessionPrivileges": "list:*", "hashType": "SHA256",
        "description": "old",
    });
    for (row, changes, sent, changed) in [
        (
            "expiry",
            AppTokenChanges { expiry: later.into(), ..keep() },
            json!({ "expiry": now + 9_000 }),
            json!({ "expiry": now + 9_000 }),
        ),
        (
            "expiry cleared: never",
            AppTokenChanges { expiry: Change::Clear, ..keep() },
            json!({ "expiry__null": "" }),
            json!({ "expiry": null }),
        ),
        (
            "sessionType",
            AppTokenChanges { session_type: SessionType::Admin.into(), ..keep() },
            json!({ "sessionType": 2 }),
            json!({ "sessionType": 2 }),
        ),
        (
            "sessionType cleared: the caller chooses",
            AppTokenChanges { session_type: Change::Clear, ..keep() },
            json!({ "sessionType__null": "" }),
            json!({ "sessionType": null }),
        ),
        (
            "sessionUserId",
            AppTokenChanges { session_user_id: "bob".to_owned().into(), ..keep() },
            json!({ "sessionUserId": "bob" }),
            json!({ "sessionUserId": "bob" }),
        ),
        (
            "sessionUserId cleared: the caller chooses",
            AppTokenChanges { session_user_id: Change::Clear, ..keep() },
            json!({ "sessionUserId__null": "" }),
            json!({ "sessionUserId": null }),
        ),
        (
            "sessionDuration",
            AppTokenChanges { session_duration: Some(Duration::from_secs(50)), ..keep() },
            json!({ "sessionDuration": 50 }),
            json!({ "sessionDuration": 50 }),
        ),
        (
            "sessionPrivileges",
            AppTokenChanges { session_privileges: Privileges::parse("edit:1/2").into(), ..keep() },
            json!({ "sessionPrivileges": "edit:1/2" }),
            json!({ "sessionPrivileges": "edit:1/2" }),
        ),
        (
            "sessionPrivileges cleared",
            AppTokenChanges { session_privileges: Change::Clear, ..keep() },
            json!({ "sessionPrivileges__null": "" }),
            json!({ "sessionPrivileges": null }),
        ),
        (
            "hashType can change",
            AppTokenChanges { hash_type: Some(HashType::Sha512), ..keep() },
            json!({ "hashType": "SHA512" }),
            json!({ "hashType": "SHA512" }),
        ),
        (
            "description",
            AppTokenChanges { description: "new".to_owned().into(), ..keep() },
            json!({ "description": "new" }),
            json!({ "description": "new" }),
        ),
        (
            "description cleared",
            AppTokenChanges { description: Change::Clear, ..keep() },
            json!({ "description__null": "" }),
            json!({ "description": null }),
        ),
    ] {
        let world = World::new();
        let token = world.add(full(&world));
        world.fake.clock().advance(Duration::from_secs(5));
        let id = token.id.as_str();
        let mut answer = before.clone();
        for (name, value) in changed.as_object().unwrap() {
            answer[name] = value.clone();
        }
        let update = Update { id: token.id.clone(), changes };
        world.check(row, update, json!({ "id": id, "appToken": sent }), answer.clone());
        world.check(&format!("{row}, read again"), Get { id: token.id.clone() }, json!({ "id": id }), answer);
    }
}

#[test]
fn an_empty_update_changes_nothing() {
    let world = World::new();
    let token = world.add(full(&world));
    let mut before = world.wire.borrow().answer.clone();
    before.as_object_mut().unwrap().remove("updatedAt");
    let id = token.id.as_str();
    let update = Update { id: token.id.clone(), changes: AppTokenChanges::default() };
    world.check("update", update, json!({ "id": id, "appToken": {} }), before);
}

#[test]
fn typed_tokens_have_all_fields_of_the_reply() {
    let world = World::new();
    let token = world.add(full(&world));
    let expected = world.wire.borrow().answer.clone();
    let shown = json!({
        "id": token.id.as_str(),
        "token": token.token.as_ref().unwrap().expose(),
        "partnerId": token.partner_id,
        "createdAt": token.created_at.0,
        "updatedAt": token.updated_at.0,
        "status": token.status.code(),
        "expiry": token.expiry.unwrap().0,
        "sessionType": token.session_type.unwrap().code(),
        "sessionUserId": token.session_user_id.unwrap(),
        "sessionDuration": token.session_duration.unwrap(),
        "sessionPrivileges": token.session_privileges.unwrap().to_string(),
        "hashType": token.hash_type.as_str(),
        "description": token.description.unwrap(),
        "objectType": "KalturaAppToken",
    });
    assert_eq!(shown, expected);
}

/// A typed expiry is a future time, so it cannot represent these values.
#[test]
fn the_expiry_of_a_token_is_checked_on_the_server_clock() {
    let now = World::new().now();
    for (row, given, stored) in [
        ("0 is now", json!(0), json!(now)),
        ("a small number is a distance from now", json!(3_600), json!(now + 3_600)),
        ("so is its text", json!("3600"), json!(now + 3_600)),
        ("a small negative number is in the past", json!(-3_600), json!(now - 3_600)),
        ("-1 is kept", json!(-1), json!(-1)),
        ("-2 is two seconds ago", json!(-2), json!(now - 2)),
        ("ten years are a distance", json!(315_360_000), json!(now + 315_360_000)),
        ("a second more is a date", json!(315_360_001), json!(315_360_001)),
        ("the empty text is 0, a date long ago", json!(""), json!(0)),
        ("null is 0 too", Value::Null, json!(0)),
    ] {
        World::new().check_by_hand(
            row,
            "appToken.add",
            json!({ "appToken": { "expiry": given } }),
            json!({ "expiry": stored }),
        );
    }
    let now = UnixSeconds(now);
    let years = |years: u64| Duration::from_secs(years * 365 * 86_400);
    for (row, expiry) in [
        ("0", TokenExpiry::at(UnixSeconds(0), now)),
        ("a distance", TokenExpiry::at(UnixSeconds(3_600), now)),
        ("-1", TokenExpiry::at(UnixSeconds(-1), now)),
        ("now", TokenExpiry::at(now, now)),
        ("no duration", TokenExpiry::after(Duration::ZERO, now)),
        ("less than a second", TokenExpiry::after(Duration::from_millis(999), now)),
        ("an absurd duration", TokenExpiry::after(years(31), now)),
        ("an endless duration", TokenExpiry::after(Duration::MAX, now)),
    ] {
        assert!(is_invalid_input(expiry), "{row} is refused before it is sent");
    }
    assert!(TokenExpiry::after(Duration::from_secs(1), now).is_ok());
    assert!(TokenExpiry::after(years(30), now).is_ok());
}

#[test]
fn values_outside_an_enumeration_are_errors() {
    let session_type =
        |value: &str| json!({ "ENUM_VAL": value, "PARAM_NAME": "sessionType", "ENUM_TYPE": "KalturaSessionType" });
    let hash_type =
        |value: &str| json!({ "ENUM_VAL": value, "PARAM_NAME": "hashType", "ENUM_TYPE": "KalturaAppTokenHashType" });
    let wrong = |args| refused("INVALID_ENUM_VALUE", args);
    for (row, given, answer) in [
        ("sessionType 1", json!({ "sessionType": 1 }), wrong(session_type("1"))),
        ("sessionType empty", json!({ "sessionType": "" }), wrong(session_type(""))),
        ("sessionType by name", json!({ "sessionType": "ADMIN" }), wrong(session_type("ADMIN"))),
        ("sessionType null is 0", json!({ "sessionType": null }), json!({ "sessionType": 0 })),
        ("sessionType as text", json!({ "sessionType": "2" }), json!({ "sessionType": 2 })),
        ("sessionType true is stored as 1", json!({ "sessionType": true }), json!({ "sessionType": 1 })),
        ("hashType in lower case", json!({ "hashType": "sha256" }), wrong(hash_type("sha256"))),
        ("hashType with a dash", json!({ "hashType": "SHA-256" }), wrong(hash_type("SHA-256"))),
        ("hashType empty", json!({ "hashType": "" }), wrong(hash_type(""))),
        ("hashType null", json!({ "hashType": null }), wrong(hash_type("N/A"))),
    ] {
        World::new().check_by_hand(row, "appToken.add", json!({ "appToken": given }), answer);
    }
}

#[test]
fn null_in_json_is_cast() {
    for (row, given, answer) in [
        ("sessionDuration", json!({ "sessionDuration": null }), json!({ "sessionDuration": 0 })),
        ("sessionPrivileges", json!({ "sessionPrivileges": null }), json!({ "sessionPrivileges": "" })),
        ("description", json!({ "description": null }), json!({ "description": "" })),
    ] {
        World::new().check_by_hand(row, "appToken.add", json!({ "appToken": given }), answer);
    }
}

#[test]
fn the_session_duration_of_a_token_is_not_limited() {
    for (row, given, lifetime) in [("0", 0, 0), ("negative", -60, -60), ("ten days", 864_000, 864_000)] {
        let world = World::new();
        let added = world.call_by_hand("appToken.add", json!({ "appToken": { "sessionDuration": given } }));
        assert_eq!(added["sessionDuration"], given, "{row}");
        let token: AppToken = serde_json::from_value(added).unwrap();
        let granted = world.start(&token, SessionOptions::default()).unwrap();
        assert_eq!(granted.expiry.0 - world.now(), lifetime, "{row}");
    }
}

#[test]
fn a_token_has_no_duration_if_the_account_has_no_maximum() {
    let fake = Fake::builder().build();
    fake.add_account(Account::new(partner()).max_lifetime(None));
    let world = World::of(fake);
    world.check(
        "add",
        Add { app_token: of_user("alice") },
        json!({ "appToken": { "sessionUserId": "alice" } }),
        json!({ "sessionDuration": null }),
    );
    let token = world.add(of_user("alice"));
    assert_eq!(token.longest_session(), Duration::ZERO);
    assert_eq!(
        world.start(&token, SessionOptions::default()).unwrap().expiry.0,
        world.now(),
        "its sessions have ended when they begin"
    );
}

/// No typed parameter has these fields.
#[test]
fn read_only_fields_cannot_be_set() {
    let refused = |property: &str| {
        refused("PROPERTY_VALIDATION_NOT_UPDATABLE", json!({ "PROP_NAME": format!("KalturaAppToken::{property}") }))
    };
    for (property, value) in [
        ("id", json!("0_aaaaaaaa")),
        ("token", json!("00112233445566778899aabbccddeeff")),
        ("partnerId", json!(102)),
        ("createdAt", json!(1_000_000_000)),
        ("updatedAt", json!(1_000_000_000)),
        ("status", json!(1)),
    ] {
        let world = World::new();
        let token = world.add(none());
        let given = json!({ property: value });
        world.check_by_hand(
            &format!("add: {property}"),
            "appToken.add",
            json!({ "appToken": given }),
            refused(property),
        );
        let update = json!({ "id": token.id.as_str(), "appToken": given });
        world.check_by_hand(&format!("update: {property}"), "appToken.update", update, refused(property));
    }
}

#[test]
fn the_server_sets_read_only_fields() {
    let world = World::new();
    for hash_type in HashType::ALL {
        let token = world.add(NewAppToken { hash_type: Some(hash_type), ..none() });
        let (center, name) = token.id.as_str().split_once('_').unwrap();
        let is_name = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        assert!(center == "0" && name.len() == 8 && name.bytes().all(is_name), "id: {}", token.id);
        let value = token.token.unwrap();
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(
            value.expose().len() == 32 && value.expose().bytes().all(is_hex),
            "the value has 32 digits with {hash_type}"
        );
    }
    let token = world.add(none());
    for (row, status, number) in [("active", TokenStatus::Active, 2), ("disabled", TokenStatus::Disabled, 1)] {
        assert!(world.fake.set_token_status(&token.id, status));
        world.check(row, Get { id: token.id.clone() }, json!({ "id": token.id.as_str() }), json!({ "status": number }));
    }
}

#[test]
fn reading_a_token_returns_its_value() {
    let world = World::new();
    let token = world.add(none());
    let value = token.token.as_ref().unwrap().expose();
    let is_shown = |token: &AppToken| token.token.as_ref().is_some_and(|token| token.expose() == value);
    assert!(is_shown(&world.call(Get { id: token.id.clone() }).unwrap()), "get");
    assert!(is_shown(&world.call(List::default()).unwrap().objects[0]), "list");
    let update = Update { id: token.id.clone(), changes: AppTokenChanges::default() };
    assert!(is_shown(&world.call(update).unwrap()), "update");
    let without = List::default().without_token_values();
    assert!(world.call(without).unwrap().objects[0].token.is_none(), "list with a response profile");
    assert!(!world.wire.borrow().answer.to_string().contains(value));
}

#[test]
fn ids_are_found_in_any_case_and_with_trailing_spaces() {
    let world = World::new();
    let token = world.add(none());
    let upper = AppTokenId::parse(token.id.as_str().to_ascii_uppercase()).unwrap();
    assert_eq!(world.call(Get { id: upper }).unwrap().id, token.id);
    let padded = format!("{}  ", token.id);
    world.check_by_hand("trailing spaces", "appToken.get", json!({ "id": padded }), json!({ "id": token.id.as_str() }));
    assert!(is_invalid_input(AppTokenId::parse(padded)), "the typed id has none");
    assert!(is_invalid_input(AppTokenId::parse(token.token.unwrap().expose())), "nor is it the token's value");
}

#[test]
fn a_stored_user_id_is_cut_to_100_characters() {
    let world = World::new();
    let (long, cut) = ("u".repeat(101), "u".repeat(100));
    let token = world.add(of_user(&long));
    assert_eq!(token.session_user_id.as_deref(), Some(&*long), "as answered to add");
    assert_eq!(world.call(Get { id: token.id.clone() }).unwrap().session_user_id.as_deref(), Some(&*cut), "as stored");
    assert_eq!(world.log_in(&token).user_id(), cut);
    assert_eq!(world.call(user::Get { user_id: Some(long) }).unwrap().id, cut, "the user that was made");
}

#[test]
fn unknown_classes_and_properties_are_ignored() {
    for (row, params, answer) in [
        ("objectType of another class", json!({ "appToken": { "objectType": "KalturaUser" } }), json!({ "status": 2 })),
        ("objectType that does not exist", json!({ "appToken": { "objectType": "Nope" } }), json!({ "status": 2 })),
        ("a property that does not exist", json!({ "appToken": { "nope": 1 } }), json!({ "status": 2, "nope": null })),
        (
            "names of properties have a case",
            json!({ "appToken": { "hashtype": "MD5" } }),
            json!({ "hashType": "SHA1" }),
        ),
        ("names with colons", json!({ "appToken:hashType": "MD5" }), json!({ "hashType": "MD5" })),
        (
            "text in place of an object",
            json!({ "appToken": "{\"hashType\":\"MD5\"}" }),
            refused("PROPERTY_VALIDATION_WRONG_FORMAT", json!({ "PROP_NAME": "appToken", "FORMAT": "array" })),
        ),
    ] {
        World::new().check_by_hand(row, "appToken.add", params, answer);
    }
}

fn none() -> NewAppToken {
    NewAppToken::default()
}

fn full(world: &World) -> NewAppToken {
    let now = UnixSeconds(world.now());
    NewAppToken {
        expiry: Some(TokenExpiry::after(Duration::from_secs(1_000), now).unwrap()),
        session_type: Some(SessionType::User),
        session_user_id: Some("alice".into()),
        session_duration: Some(Duration::from_secs(100)),
        session_privileges: Some(Privileges::parse("list:*")),
        hash_type: Some(HashType::Sha256),
        description: Some("old".into()),
    }
}
