//! The user of the sessions of a token. `appToken.add` and `appToken.update` create it if it does not exist.

use apptoken_core::api::app_token::{Add, AppToken, AppTokenChanges, Delete, Get, NewAppToken, Update};
use apptoken_core::api::user;
use apptoken_core::api::user::{NewUser, UserStatus};
use apptoken_core::value::Change;
use apptoken_core::{Error, HashType, KalturaCode, SessionType};
use apptoken_transport_fake::{Account, Fake, TokenSpec};
use serde_json::json;

use super::{World, assert_alike, code, of_user, refused};
use crate::client::partner;

#[test]
fn a_missing_user_with_a_valid_id_is_created() {
    let (longest, too_long) = ("x".repeat(320), "x".repeat(321));
    for (id, is_sound) in [
        ("a@b.c", true),
        ("a-b_c", true),
        ("!#$%&'*+?^_`{|}~.@-,", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("a b", false),
        ("a/b", false),
        ("a:b", false),
        ("a=b", false),
        ("a;b", false),
        ("\"q\"", false),
        ("(x)", false),
        ("é", false),
    ] {
        for action in ["add", "update"] {
            let world = World::new();
            let row = format!("{action} with {id:?}");
            let result = match action {
                "add" => world.call(Add { app_token: of_user(id) }),
                _ => change_user(&world, Change::Set(id.to_owned())),
            };
            assert_eq!(code(result.map(drop)), (!is_sound).then_some(KalturaCode::InvalidFieldValue), "{row}");
            let answer = world.wire.borrow().answer.clone();
            if !is_sound {
                let expected = refused("INVALID_FIELD_VALUE", json!({ "FIELD_NAME": "sessionUserId" }));
                assert_alike(&row, &answer, &expected);
            }
            assert_eq!(is_user(&world, id), is_sound, "{row}: made");
        }
    }
}

#[test]
fn an_empty_user_of_a_token_is_refused() {
    let world = World::new();
    let token = world.add(of_user("before"));
    let (empty, expected) =
        (json!({ "sessionUserId": "" }), refused("INVALID_FIELD_VALUE", json!({ "FIELD_NAME": "sessionUserId" })));
    world.check_by_hand("add", "appToken.add", json!({ "appToken": empty }), expected.clone());
    let update = json!({ "id": token.id.as_str(), "appToken": empty });
    world.check_by_hand("update", "appToken.update", update, expected);
}

#[test]
fn a_user_that_a_token_creates_is_named_by_its_id() {
    let world = World::new();
    world.add(of_user("importer@example.org"));
    let made = world.call(user::Get { user_id: Some("importer@example.org".into()) }).unwrap();
    assert_eq!((made.screen_name.as_str(), made.first_name.as_str()), ("importer@example.org", "importer@example.org"));
    assert_eq!((made.status, made.is_admin, made.role_ids.as_str()), (UserStatus::Active, false, ""));
}

#[test]
fn an_existing_user_is_linked() {
    let world = World::new();
    let role = world.role(&["BASE_USER_SESSION_PERMISSION"]);
    let user = NewUser { role_ids: Some(role.clone()), ..NewUser::new("alice") };
    world.call(user::Add { user }).unwrap();
    world.add(of_user("alice"));
    assert_eq!(world.call(user::Get { user_id: Some("alice".into()) }).unwrap().role_ids, role, "as it was");
    let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1).user("a b"));
    assert_eq!(world.add(of_user("a b")).session_user_id.as_deref(), Some("a b"), "also one whose id is not sound");
    let token = world.add(of_user("ALICE"));
    world.call(user::Delete { user_id: "alice".into() }).unwrap();
    assert!(world.call(Get { id: token.id }).is_err(), "ids of users have no case");
}

#[test]
fn a_token_without_user_needs_the_anonymous_user() {
    let anonymous = |yes| {
        let fake = Fake::builder().build();
        fake.add_account(Account::new(partner()).anonymous_user(yes));
        World::of(fake)
    };
    for (row, is_there, expected) in
        [("with the anonymous user", true, None), ("without it", false, Some(KalturaCode::InvalidFieldValue))]
    {
        let world = anonymous(is_there);
        let added = world.call(Add { app_token: NewAppToken::default() });
        assert_eq!(code(added.map(drop)), expected, "add {row}");
        let cleared = change_user(&world, Change::Clear);
        assert_eq!(code(cleared.map(drop)), expected, "update {row}");
    }
}

#[test]
fn the_first_session_without_user_creates_the_anonymous_user() {
    for (row, feature, user, appears) in [
        ("a session without user", "FEATURE_END_USER_REPORTS", "", true),
        ("a session of a user", "FEATURE_END_USER_REPORTS", "somebody", false),
        ("in accounts without the feature", "FEATURE_OTHER", "", false),
    ] {
        let fake = Fake::builder().build();
        fake.add_account(Account::new(partner()).anonymous_user(false).feature(feature));
        let world = World::of(fake);
        let ks = world.session_of(SessionType::User, user);
        world.fault_of(&ks);
        assert_eq!(world.call(Add { app_token: NewAppToken::default() }).is_ok(), appears, "{row}");
    }
}

#[test]
fn an_update_creates_a_renamed_user_again() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    // Typed changes of a user cannot rename it.
    world.check_by_hand(
        "rename",
        "user.update",
        json!({ "userId": "alice", "user": { "id": "alicia" } }),
        json!({ "id": "alicia" }),
    );
    assert!(!is_user(&world, "alice"));
    let changes = AppTokenChanges { description: Change::Set("other".into()), ..AppTokenChanges::default() };
    world.call(Update { id: token.id, changes }).unwrap();
    assert!(is_user(&world, "alice"), "made anew");
}

#[test]
fn deleting_a_user_deletes_its_tokens_but_not_their_sessions() {
    let world = World::new();
    let (mine, other) = (world.add(of_user("alice")), world.add(of_user("bob")));
    let (session, apart) = (world.log_in(&mine), world.log_in(&other));
    world.call(user::Delete { user_id: "alice".into() }).unwrap();
    assert_eq!(code(world.call(Get { id: mine.id.clone() }).map(drop)), Some(KalturaCode::AppTokenIdNotFound));
    let login = world.run(world.login(&mine)).map(drop).map_err(Error::from);
    assert_eq!(code(login), Some(KalturaCode::AppTokenIdNotFound));
    assert_eq!(world.fault_of(session.ks()), "", "runs on");
    assert_eq!(
        code(world.call(Delete { id: mine.id })),
        Some(KalturaCode::AppTokenIdNotFound),
        "and nothing can end it"
    );
    assert_eq!(world.fault_of(session.ks()), "");
    assert_eq!(world.call(Get { id: other.id.clone() }).unwrap().id, other.id, "that of another user stays");
    assert_eq!(world.fault_of(apart.ks()), "");
}

/// Changes the user of a token with a valid user.
fn change_user(world: &World, session_user_id: Change<String>) -> Result<AppToken, Error> {
    let token = world.add(of_user("before"));
    let changes = AppTokenChanges { session_user_id, ..AppTokenChanges::default() };
    world.call(Update { id: token.id, changes })
}

fn is_user(world: &World, id: &str) -> bool {
    world.call(user::Get { user_id: Some(id.to_owned()) }).is_ok()
}
