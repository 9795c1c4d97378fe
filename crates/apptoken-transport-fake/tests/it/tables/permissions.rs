//! The permissions for the actions of `appToken`.

use apptoken_core::api::app_token::{
    Add, AppToken, AppTokenChanges, Delete, Get, List, NewAppToken, StartSession, Update,
};
use apptoken_core::api::session::Start;
use apptoken_core::api::user;
use apptoken_core::api::user::NewUser;
use apptoken_core::{Error, ErrorKind, KalturaCode, Ks, Privileges, SessionOptions, SessionType};
use serde_json::json;

use super::{World, assert_alike, of_user, refused};
use crate::client::partner;

const ACTIONS: [&str; 6] = ["add", "update", "delete", "get", "list", "startSession"];
const ALL: &str = "add update delete get list startSession";

/// The permissions of these actions, with the actions that each one allows.
const PERMISSIONS: [(&str, &str); 6] = [
    ("APP_TOKEN_ADD", "add"),
    ("APP_TOKEN_UPDATE", "update"),
    ("APP_TOKEN_DELETE", "delete"),
    ("APP_TOKEN_BASE", "get list"),
    ("BASE_USER_SESSION_PERMISSION", "startSession"),
    ("WIDGET_SESSION_PERMISSION", "startSession"),
];

#[test]
fn sessions_without_a_role_have_that_of_their_type() {
    let world = World::new();
    let of_type = |session_type| NewAppToken { session_type: Some(session_type), ..of_user("alice") };
    let user = world.log_in(&world.add(of_type(SessionType::User)));
    let admin = world.log_in(&world.add(of_type(SessionType::Admin)));
    for (caller, ks, allowed) in [
        ("no session", None, ""),
        ("a widget session", Some(world.widget_ks()), "startSession"),
        ("a user session", Some(world.session_of(SessionType::User, "alice")), "startSession"),
        ("a user session without user", Some(world.session_of(SessionType::User, "")), "startSession"),
        ("a user session of a token", Some(user.ks().clone()), "startSession"),
        ("an admin session of a token", Some(admin.ks().clone()), ALL),
        ("an admin session", Some(world.session_of(SessionType::Admin, "boss")), ALL),
    ] {
        check(&world, caller, ks.as_ref(), allowed);
    }
}

#[test]
fn a_role_with_one_permission_allows_its_actions() {
    let world = World::new();
    for (permission, allowed) in PERMISSIONS {
        check(&world, permission, Some(&with_role(&world, &[permission])), allowed);
    }
    // Other permissions allow none of these actions, and KMC_READ_ONLY has no effect without KMC_ACCESS.
    for (permissions, allowed) in [
        (&["ADMIN_BASE"][..], ""),
        (&["KMC_ACCESS"], ""),
        (&["KMC_READ_ONLY"], ""),
        (&["KMC_ACCESS", "KMC_READ_ONLY"], "get list"),
        (&["*"], ALL),
    ] {
        check(&world, &permissions.join(" and "), Some(&with_role(&world, permissions)), allowed);
    }
}

#[test]
fn a_role_without_a_permission_forbids_its_actions() {
    let world = World::new();
    for (permission, _) in PERMISSIONS {
        let others: Vec<_> = PERMISSIONS.iter().filter(|(each, _)| *each != permission).collect();
        let names: Vec<_> = others.iter().map(|(name, _)| *name).collect();
        let allowed: Vec<_> = others.iter().map(|(_, allowed)| *allowed).collect();
        check(&world, &format!("all but {permission}"), Some(&with_role(&world, &names)), &allowed.join(" "));
    }
}

#[test]
fn the_role_comes_from_the_session_the_user_or_the_type() {
    let world = World::new();
    let reader = world.role(&["APP_TOKEN_BASE"]);
    let deleter = world.role(&["APP_TOKEN_DELETE"]);
    let of_user_with = |id: &str, role: &str| {
        let user = NewUser { role_ids: Some(role.to_owned()), ..NewUser::new(id) };
        world.call(user::Add { user }).unwrap();
    };
    of_user_with("reader", &reader);
    of_user_with("both", &format!("{reader},{deleter}"));
    of_user_with("gone", &reader);
    let token = |user: &str, session_type, privileges: &str| {
        let session_privileges = (!privileges.is_empty()).then(|| Privileges::parse(privileges));
        let token = NewAppToken { session_type: Some(session_type), session_privileges, ..of_user(user) };
        world.log_in(&world.add(token)).ks().clone()
    };
    let (user, admin) = (SessionType::User, SessionType::Admin);
    let set_reader = format!("setrole:{reader}");
    let secret = world.fake.admin_secret(partner()).unwrap();
    let by_secret = |session_type, privileges: &str| {
        let start = Start::new(partner(), secret.clone(), session_type);
        world.call_with(None, Start { privileges: Some(Privileges::parse(privileges)), ..start }).unwrap()
    };
    let gone = token("gone", user, "");
    world.call(user::Delete { user_id: "gone".into() }).unwrap();
    for (row, ks, allowed) in [
        ("the user's role", token("reader", user, ""), "get list"),
        ("the user's two roles", token("both", user, ""), "delete get list"),
        ("the user's role binds an administrator too", token("reader", admin, ""), "get list"),
        ("the token's setrole wins over the user's", token("reader", user, &format!("setrole:{deleter}")), "delete"),
        ("setrole binds an administrator too", token("alice", admin, &set_reader), "get list"),
        ("setrole by system name", token("alice", user, "setrole:PLAYBACK_BASE_ROLE"), "startSession"),
        ("setrole null means no role", token("alice", admin, "setrole:null"), ""),
        ("restrictingrole takes away", token("reader", user, &format!("restrictingrole:{reader}")), ""),
        ("a user that was deleted has no role any more", gone, "startSession"),
        ("setrole in a session by secret", by_secret(user, &set_reader), "get list"),
        ("setrole in an admin session by secret", by_secret(admin, &set_reader), "get list"),
    ] {
        check(&world, row, Some(&ks), allowed);
    }
}

#[test]
fn a_missing_role_is_an_error_when_the_session_is_used() {
    let world = World::new();
    let with = |privileges: &str| {
        let session_privileges = Some(Privileges::parse(privileges));
        let token = world.add(NewAppToken { session_privileges, ..of_user("alice") });
        world.log_in(&token).ks().clone()
    };
    let missing = with("setrole:99999");
    assert_eq!(
        world.call_with(Some(&missing), List::default()).unwrap_err().kind(),
        kaltura(KalturaCode::InvalidObjectId)
    );
    assert_alike(
        "a role that does not exist",
        &world.wire.borrow().answer,
        &refused("INVALID_OBJECT_ID", json!({ "ID": "N/A" })),
    );
    let negative = with("setrole:-1");
    assert_eq!(world.call_with(Some(&negative), List::default()).unwrap_err().code(), Some("INVALID_SET_ROLE"));
    // Typed changes of a user cannot block it.
    let blocked = world.log_in(&world.add(of_user("mallory"))).ks().clone();
    world.check_by_hand(
        "block",
        "user.update",
        json!({ "userId": "mallory", "user": { "status": 0 } }),
        json!({ "status": 0 }),
    );
    assert_eq!(world.call_with(Some(&blocked), List::default()).unwrap_err().kind(), kaltura(KalturaCode::UserBlocked));
}

fn kaltura(code: KalturaCode) -> ErrorKind {
    ErrorKind::Kaltura(code)
}

/// A user session of a token whose `setrole` names a new role with these permissions.
fn with_role(world: &World, permissions: &[&str]) -> Ks {
    let role = world.role(permissions);
    let session_privileges = Some(Privileges::new().set_role(&role).unwrap());
    world.log_in(&world.add(NewAppToken { session_privileges, ..of_user("alice") })).ks().clone()
}

/// Calls each action and compares which are allowed. The error of a forbidden action contains its declared name, and
/// the action has no effect.
fn check(world: &World, caller: &str, ks: Option<&Ks>, allowed: &str) {
    for action in ACTIONS {
        let row = format!("{action} by {caller}");
        let target = world.add(of_user("alice"));
        let before = world.fake.tokens(partner()).len();
        let result = call(world, action, ks, &target);
        if allowed.split(' ').any(|each| each == action) {
            assert_eq!(result.err().map(|error| error.to_string()), None, "{row}");
            continue;
        }
        let error = result.err().unwrap_or_else(|| panic!("{row}: is allowed"));
        assert_eq!(error.kind(), kaltura(KalturaCode::ServiceForbidden), "{row}");
        let message = format!("The access to service [appToken->{action}] is forbidden");
        assert_eq!(error.server_message(), Some(&*message), "{row}");
        assert_alike(&row, &world.wire.borrow().answer["args"], &json!({ "SERVICE": format!("appToken->{action}") }));
        assert_eq!(world.fake.tokens(partner()).len(), before, "{row}: nothing is added");
        let unchanged = world.call(Get { id: target.id.clone() }).unwrap();
        assert_eq!(unchanged.description, None, "{row}: nothing is changed");
    }
}

fn call(world: &World, action: &str, ks: Option<&Ks>, target: &AppToken) -> Result<(), Error> {
    let id = target.id.clone();
    match action {
        "add" => world.call_with(ks, Add { app_token: of_user("alice") }).map(drop),
        "update" => {
            let changes = AppTokenChanges { description: "changed".to_owned().into(), ..AppTokenChanges::default() };
            world.call_with(ks, Update { id, changes }).map(drop)
        }
        "delete" => world.call_with(ks, Delete { id }),
        "get" => world.call_with(ks, Get { id }).map(drop),
        "list" => world.call_with(ks, List::default()).map(drop),
        _ => {
            let token_hash = target.hash_type.token_hash(ks.unwrap_or(&world.admin), target.token.as_ref().unwrap());
            world.call_with(ks, StartSession { id, token_hash, options: SessionOptions::default() }).map(drop)
        }
    }
}
