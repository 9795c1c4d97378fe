//! Odd fields of users and roles: what a null does, logins, names and ids. No typed action can send most of them.

use apptoken_core::SessionType;
use serde_json::{Value, json};

use super::{World, assert_alike, error_code, refused};
use crate::client;

/// A user with all names, and a role.
fn world() -> World {
    let world = World::new();
    let ann = json!({ "id": "ann", "firstName": "Ann", "lastName": "Lee", "email": "a@b.co" });
    assert_eq!(error_code(&world.call_by_hand("user.add", json!({ "user": ann }))), None);
    world
}

fn failed() -> Value {
    refused("INTERNAL_SERVERL_ERROR", json!([]))
}

/// The status of the reply to an administrator.
fn status(world: &World, action: &str, mut params: Value) -> u16 {
    params["ks"] = world.admin.expose().into();
    client::reply(&world.fake, action, &params).status
}

const PERSONAL: [&str; 16] = [
    "id",
    "firstName",
    "lastName",
    "fullName",
    "screenName",
    "email",
    "dateOfBirth",
    "country",
    "state",
    "city",
    "zip",
    "title",
    "company",
    "registrationInfo",
    "externalId",
    "password",
];

#[test]
fn a_null_for_personal_data_is_a_crash() {
    let world = world();
    let before = world.fake.snapshot();
    for name in PERSONAL {
        let with_null = json!({ "tags": "new", format!("{name}__null"): "" });
        assert_eq!(status(&world, "user.add", json!({ "user": { "id": "new", format!("{name}__null"): "" } })), 500);
        for user in ["ann", "nobody"] {
            assert_eq!(
                status(&world, "user.update", json!({ "userId": user, "user": with_null })),
                500,
                "{name} of {user}"
            );
        }
    }
    assert_eq!(world.fake.snapshot(), before);
}

#[test]
fn a_crash_comes_before_the_checks_of_the_caller() {
    let world = world();
    let visitor = world.session_of(SessionType::User, "bob");
    let null = json!({ "ks": visitor.expose(), "userId": "ann", "user": { "firstName__null": "" } });
    assert_eq!(client::reply(&world.fake, "user.update", &null).status, 500);
    // But the KS is parsed and the arguments are read before.
    let garbage = json!({ "ks": "garbage", "userId": "ann", "user": { "firstName__null": "" } });
    assert_eq!(client::code(&client::call(&world.fake, "user.update", garbage)), "INVALID_KS");
    let missing = json!({ "user": { "firstName__null": "" } });
    world.check_by_hand("no userId", "user.update", missing, refused("MISSING_MANDATORY_PARAMETER", json!({})));
    let other = json!({ "userId": "ann", "user": { "firstName__null": "", "gender": 9 } });
    world.check_by_hand("a bad gender too", "user.update", other, refused("INVALID_ENUM_VALUE", json!({})));
}

#[test]
fn a_crash_loses_the_whole_multirequest() {
    let world = world();
    let ping = json!({ "service": "system", "action": "ping" });
    let mut parts = json!({ "1": ping, "2": ping });
    for (name, value) in [("clientTag", json!(["a"])), ("partnerId", json!([101]))] {
        parts["2"] = json!({ "service": "system", "action": "ping", name: value });
        assert_eq!(status(&world, "multirequest", parts.clone()), 500, "{name}");
        assert_eq!(status(&world, "system.ping", json!({ name: value })), 500, "{name}");
    }
}

#[test]
fn other_nulls_of_a_user_have_a_meaning_or_fail() {
    for (name, before, answer) in [
        ("tags", json!("aa"), json!({ "tags": "" })),
        ("tags", Value::Null, json!({ "tags": null })),
        ("description", json!("d"), json!({ "description": "" })),
        ("isAdmin", json!(true), json!({ "isAdmin": false })),
        ("gender", json!(1), json!({ "gender": null })),
        ("language", json!("en"), json!({ "language": null })),
        ("thumbnailUrl", json!("u"), json!({ "thumbnailUrl": null })),
        ("partnerData", json!("p"), json!({ "partnerData": null })),
        ("attendanceInfo", json!("a"), json!({ "attendanceInfo": null })),
        ("isSsoExcluded", json!(true), json!({ "isSsoExcluded": false })),
        ("roleIds", json!("5"), failed()),
        ("type", json!(0), failed()),
        ("isGuest", Value::Null, refused("PROPERTY_VALIDATION_NOT_UPDATABLE", json!({}))),
        ("createdAt", Value::Null, refused("PROPERTY_VALIDATION_NOT_UPDATABLE", json!({}))),
    ] {
        let world = world();
        if !before.is_null() {
            world.call_by_hand("user.update", json!({ "userId": "ann", "user": { name: before } }));
        }
        let mut user = json!({ format!("{name}__null"): "" });
        if name != "partnerData" {
            user["partnerData"] = json!("kept?");
        }
        world.check_by_hand(name, "user.update", json!({ "userId": "ann", "user": user }), answer.clone());
        let shown = world.call_by_hand("user.get", json!({ "userId": "ann" }));
        if error_code(&answer).is_none() {
            assert_alike(name, &shown, &answer);
        } else {
            assert_alike(name, &shown, &json!({ "partnerData": null }));
        }
    }
}

#[test]
fn a_user_without_a_status_is_unknown() {
    let world = world();
    let null = json!({ "userId": "ann", "user": { "status__null": "" } });
    world.check_by_hand("update", "user.update", null, json!({ "id": "ann", "status": null }));
    let unknown = refused("INVALID_USER_ID", json!([]));
    world.check_by_hand("get", "user.get", json!({ "userId": "ann" }), unknown.clone());
    world.check_by_hand("delete", "user.delete", json!({ "userId": "ann" }), unknown);
    world.check_by_hand("list", "user.list", json!({ "filter": { "idEqual": "ann" } }), json!({ "totalCount": 0 }));
    let again = json!({ "user": { "id": "ann", "status__null": "" } });
    world.check_by_hand("the id is free", "user.add", again, json!({ "id": "ann", "status": 1 }));
}

#[test]
fn nulls_of_a_role_have_a_meaning_or_fail() {
    let null_name = refused("PROPERTY_VALIDATION_CANNOT_BE_NULL", json!({ "PROP_NAME": "KalturaUserRole::name" }));
    for (name, added, updated, shown) in [
        ("name", null_name, failed(), json!({ "name": "r" })),
        ("systemName", failed(), failed(), json!({ "systemName": "s" })),
        ("permissionNames", failed(), json!({ "permissionNames": "" }), json!({ "permissionNames": "" })),
        ("description", json!({ "description": null }), json!({ "description": null }), json!({ "description": null })),
        ("tags", json!({ "tags": null }), json!({ "tags": null }), json!({ "tags": null })),
        ("status", json!({ "status": null }), json!({ "status": null }), json!({ "status": 0 })),
    ] {
        let world = World::new();
        let mut new = json!({ "name": "r", "systemName": "s", "description": "d", "tags": "t", "permissionNames": "" });
        let id = world.call_by_hand("userRole.add", json!({ "userRole": new }))["id"].clone();
        let null = json!({ "userRoleId": id, "userRole": { format!("{name}__null"): "" } });
        world.check_by_hand(name, "userRole.update", null, updated);
        world.check_by_hand(name, "userRole.get", json!({ "userRoleId": id }), shown);
        (new["name"], new["systemName"]) = (json!("other"), json!("other"));
        new.as_object_mut().unwrap().remove(name);
        new[format!("{name}__null")] = json!("");
        world.check_by_hand(name, "userRole.add", json!({ "userRole": new }), added);
    }
}

#[test]
fn a_system_name_that_was_not_given_is_shown_only_once() {
    for (given, first, later) in
        [(json!(null), json!(""), json!(null)), (json!(""), json!(""), json!("")), (json!("s"), json!("s"), json!("s"))]
    {
        let world = World::new();
        let mut role = json!({ "name": "r" });
        if !given.is_null() {
            role["systemName"] = given.clone();
        }
        let added = world.call_by_hand("userRole.add", json!({ "userRole": role }));
        assert_eq!(added["systemName"], first, "{given}");
        let id = json!({ "userRoleId": added["id"], "userRole": { "description": "d" } });
        for action in ["userRole.get", "userRole.update", "userRole.clone"] {
            assert_eq!(world.call_by_hand(action, id.clone())["systemName"], later, "{action} {given}");
        }
    }
}

#[test]
fn a_full_name_sets_both_names_unless_a_first_name_is_given() {
    for (fields, first, last) in [
        (json!({ "fullName": "" }), "Ann", "Lee"),
        (json!({ "fullName": "Xan Yew" }), "Xan", "Yew"),
        (json!({ "fullName": "A B C" }), "A", "B C"),
        (json!({ "fullName": "Solo" }), "Solo", ""),
        (json!({ "fullName": "Xan Yew", "lastName": "Zed" }), "Xan", "Yew"),
        (json!({ "fullName": "Xan Yew", "firstName": "Ron" }), "Ron", "Lee"),
        (json!({ "fullName": "Xan Yew", "firstName": "" }), "Xan", "Yew"),
        (json!({ "fullName": "", "firstName": "Zoe" }), "Zoe", "Lee"),
    ] {
        let world = world();
        let answer = world.call_by_hand("user.update", json!({ "userId": "ann", "user": fields }));
        assert_eq!((&answer["firstName"], &answer["lastName"]), (&json!(first), &json!(last)), "{fields}");
        let full = format!("{first} {last}");
        assert_eq!(answer["fullName"], full.trim(), "{fields}");
    }
}

#[test]
fn every_role_of_a_user_must_exist() {
    let not_found = || refused("USER_ROLE_NOT_FOUND", json!([]));
    let ids = |ids: &str| json!({ "roleIds": ids });
    for (given, answer, shown) in [
        (json!("5,6"), ids("5,6"), "5,6"),
        (json!("05"), ids("05"), "5"),
        (json!(" 5 "), ids(" 5 "), "5"),
        (json!(true), ids("1"), "1"),
        (json!(null), ids(""), ""),
        (json!(""), ids(""), ""),
        (json!("0"), not_found(), "5"),
        (json!(0), not_found(), "5"),
        (json!("99999"), not_found(), "5"),
        (json!("x"), not_found(), "5"),
        (json!("5,"), not_found(), "5"),
        (json!([5]), not_found(), "5"),
    ] {
        let world = world();
        world.call_by_hand("user.update", json!({ "userId": "ann", "user": { "roleIds": "5" } }));
        let row = given.to_string();
        world.check_by_hand(
            &row,
            "user.update",
            json!({ "userId": "ann", "user": { "roleIds": given } }),
            answer.clone(),
        );
        world.check_by_hand(&row, "user.get", json!({ "userId": "ann" }), ids(shown));
        world.check_by_hand(&row, "user.add", json!({ "user": { "id": "new", "roleIds": given } }), answer);
    }
}

#[test]
fn the_id_of_a_new_user_can_be_an_external_id() {
    let invalid = || refused("INVALID_FIELD_VALUE", json!({ "FIELD_NAME": "id" }));
    let null = || refused("PROPERTY_VALIDATION_CANNOT_BE_NULL", json!({ "PROP_NAME": "KalturaUser::id" }));
    for (user, answer) in [
        (json!({ "externalId": "x" }), json!({ "id": "x", "externalId": "x", "screenName": "x" })),
        (json!({ "externalId": "", "id": "y" }), json!({ "id": "y", "externalId": "" })),
        (json!({ "externalId": "x", "id": "y" }), refused("ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE", json!([]))),
        (json!({ "id": "0" }), null()),
        (json!({ "id": 0 }), null()),
        (json!({ "id": null }), invalid()),
        (json!({ "id": false }), invalid()),
        (json!({ "id": "" }), invalid()),
        (json!({}), invalid()),
    ] {
        let world = World::new();
        world.check_by_hand(&user.to_string(), "user.add", json!({ "user": user }), answer.clone());
        if let Some(id) = answer["id"].as_str() {
            world.check_by_hand("get", "user.get", json!({ "userId": id }), answer);
        }
    }
}

#[test]
fn an_administrator_gets_a_login_and_a_role() {
    let world = World::new();
    let add = |user: Value| world.call_by_hand("user.add", json!({ "user": user }));
    let added = add(json!({ "id": "a", "isAdmin": true, "email": "a@x.co" }));
    assert_alike("added", &added, &json!({ "roleIds": 2, "loginEnabled": true }));
    let shown = world.call_by_hand("user.get", json!({ "userId": "a" }));
    assert_alike("shown", &shown, &json!({ "roleIds": "2", "loginEnabled": true }));
    let own_role = add(json!({ "id": "b", "isAdmin": true, "email": "b@x.co", "roleIds": "5" }));
    assert_eq!(own_role["roleIds"], "5");
    for email in ["", "nope", "a@b"] {
        let answer = add(json!({ "id": "c", "isAdmin": true, "email": email, "password": "Abcdef1!" }));
        assert_alike(email, &answer, &refused("INVALID_FIELD_VALUE", json!({ "FIELD_NAME": "email" })));
    }
    let changed = json!({ "userId": "b", "user": { "isAdmin": false } });
    world.check_by_hand("no way back", "user.update", changed, refused("CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN", json!([])));
}

#[test]
fn all_accounts_share_the_logins() {
    let world = World::new();
    let other = apptoken_core::PartnerId::new(202).unwrap();
    world.fake.add_account(apptoken_transport_fake::Account::new(other));
    let ks = world.fake.admin_session(other).unwrap();
    let user = |password: &str| json!({ "ks": ks.expose(), "user": { "id": password, "email": "A@x.co", "password": password } });
    let add = |password: &str| client::code(&client::call(&world.fake, "user.add", user(password))).to_owned();
    assert_eq!(add("weak"), "PASSWORD_STRUCTURE_INVALID");
    let own = json!({ "user": { "id": "a", "email": "a@x.co", "password": "Abcdef1!" } });
    world.check_by_hand("own", "user.add", own, json!({ "loginEnabled": true }));
    // The login exists, so its password stays and the new one is not checked.
    assert_eq!(add("weak"), "");
    assert_eq!(add("Abcdef1!"), "DUPLICATE_USER_BY_LOGIN_ID");
}

#[test]
fn a_user_made_by_its_first_request_lacks_defaults_once() {
    let world = World::new();
    world.fake.change_account(client::partner(), |account| account.feature("FEATURE_END_USER_REPORTS"));
    let defaults = |answer: &Value| [answer["storageSize"].clone(), answer["type"].clone()];
    let (none, all) = ([Value::Null, Value::Null], [json!(0), json!(0)]);
    for (first, expected) in [("user.get", &none), ("session.get", &all)] {
        let ks = world.session_of(SessionType::Admin, first);
        let params = json!({ "ks": ks.expose() });
        let answer = client::call(&world.fake, first, params.clone());
        if first == "user.get" {
            assert_eq!(&defaults(&answer), expected);
        }
        let shown = client::call(&world.fake, "user.get", params);
        assert_eq!(defaults(&shown), all, "after {first}");
    }
    let carol = world.session_of(SessionType::Admin, "carol");
    let changed = json!({ "ks": carol.expose(), "userId": "carol", "user": { "lastName": "C" } });
    assert_eq!(defaults(&client::call(&world.fake, "user.update", changed)), none);
}

#[test]
fn an_array_in_place_of_a_class_or_a_language_fails() {
    let world = world();
    for odd in [json!(["x"]), json!([]), json!({}), json!({ "a": "x" })] {
        let row = odd.to_string();
        let update = json!({ "userId": "ann", "user": { "objectType": odd, "firstName": "B" } });
        world.check_by_hand(&row, "user.update", update, failed());
        let list = json!({ "filter": { "objectType": odd } });
        for action in ["user.list", "userRole.list", "appToken.list"] {
            world.check_by_hand(&row, action, list.clone(), failed());
        }
        world.check_by_hand(&row, "user.get", json!({ "userId": "ann", "language": odd }), failed());
    }
    world.check_by_hand("unchanged", "user.get", json!({ "userId": "ann" }), json!({ "firstName": "Ann" }));
}

#[test]
fn a_limit_of_uses_is_a_positive_number() {
    let world = world();
    let secret = world.fake.admin_secret(client::partner()).unwrap();
    for (limit, uses) in [
        ("2", Some(2)),
        ("1.5", Some(1)),
        ("0.5", Some(1)),
        (".5", Some(1)),
        (" 2", Some(2)),
        ("1e0", Some(1)),
        ("5/5", None),
        ("5x", None),
        ("x", None),
        ("", None),
        ("0", None),
        ("0.0", None),
        ("-1", None),
    ] {
        let start = json!({
            "secret": secret.expose(), "partnerId": client::PARTNER, "type": 2,
            "privileges": format!("actionslimit:{limit}"), "nonce": limit,
        });
        let ks = client::call(&world.fake, "session.start", start);
        let call = || client::code(&client::call(&world.fake, "system.ping", json!({ "ks": ks }))).to_owned();
        match uses {
            Some(uses) => {
                assert!((0..uses).all(|_| call().is_empty()), "{limit:?}");
                assert_eq!(call(), "INVALID_KS", "{limit:?}");
            }
            None => {
                assert_eq!([call(), call()], ["INVALID_ACTIONS_LIMIT", "INVALID_ACTIONS_LIMIT"], "{limit:?}");
                let end = client::call(&world.fake, "session.end", json!({ "ks": ks }));
                assert_eq!(client::code(&end), "INVALID_ACTIONS_LIMIT", "{limit:?}");
            }
        }
    }
}
