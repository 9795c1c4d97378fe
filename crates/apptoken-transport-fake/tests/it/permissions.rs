//! Permissions of every type of session, and every permission alone.

use apptoken_core::{HashType, Ks, SessionType};
use apptoken_transport_fake::{Fake, TokenSpec};
use serde_json::{Value, json};

use crate::client::{PARTNER, admin, call, code, fake, log_in, partner, start, widget_ks};

/// Each action with valid arguments, and the permissions that allow it; one is enough.
fn actions() -> Vec<(&'static str, Value, &'static [&'static str])> {
    const OF_SESSIONS: [&str; 2] = ["BASE_USER_SESSION_PERMISSION", "WIDGET_SESSION_PERMISSION"];
    vec![
        ("appToken.add", json!({ "appToken": {} }), &["APP_TOKEN_ADD"]),
        ("appToken.update", json!({ "id": "none", "appToken": {} }), &["APP_TOKEN_UPDATE"]),
        ("appToken.delete", json!({ "id": "none" }), &["APP_TOKEN_DELETE"]),
        ("appToken.get", json!({ "id": "none" }), &["APP_TOKEN_BASE", "KMC_READ_ONLY,KMC_ACCESS"]),
        ("appToken.list", json!({}), &["APP_TOKEN_BASE", "KMC_READ_ONLY,KMC_ACCESS"]),
        ("appToken.startSession", json!({ "id": "none", "tokenHash": "x" }), &OF_SESSIONS),
        ("session.get", json!({}), &["SESSION_READ_PERMISSION", "KMC_READ_ONLY,KMC_ACCESS", "KMC_ACCESS"]),
        ("user.add", json!({ "user": {} }), &["ADMIN_USER_ADD"]),
        ("user.update", json!({ "userId": "nobody", "user": {} }), &["ADMIN_USER_UPDATE"]),
        ("user.delete", json!({ "userId": "nobody" }), &["ADMIN_USER_DELETE"]),
        (
            "user.get",
            json!({ "userId": "alice" }),
            &["ADMIN_BASE", "KMC_READ_ONLY,KMC_ACCESS", OF_SESSIONS[0], OF_SESSIONS[1]],
        ),
        ("userRole.add", json!({ "userRole": {} }), &["ADMIN_ROLE_ADD"]),
        ("userRole.clone", json!({ "userRoleId": 999 }), &["ADMIN_ROLE_ADD"]),
        ("userRole.update", json!({ "userRoleId": 999, "userRole": {} }), &["ADMIN_ROLE_UPDATE"]),
        ("userRole.delete", json!({ "userRoleId": 999 }), &["ADMIN_ROLE_DELETE"]),
        ("userRole.get", json!({ "userRoleId": 1 }), &["ADMIN_BASE", "KMC_READ_ONLY,KMC_ACCESS"]),
        ("userRole.list", json!({}), &["ADMIN_BASE", "ACCOUNT_BASE"]),
    ]
}

/// The actions that a session may not call.
fn refused(fake: &Fake, ks: Option<&Ks>) -> Vec<&'static str> {
    let is_refused = |action: &str, mut params: Value| {
        params["ks"] = ks.map_or(Value::Null, |ks| ks.expose().into());
        code(&call(fake, action, params)) == "SERVICE_FORBIDDEN"
    };
    actions().into_iter().filter(|(action, params, _)| is_refused(action, params.clone())).map(|each| each.0).collect()
}

fn all_but(allowed: &[&str]) -> Vec<&'static str> {
    actions().into_iter().map(|(action, _, _)| action).filter(|action| !allowed.contains(action)).collect()
}

fn role(fake: &Fake, permissions: &str) -> Value {
    let role = json!({ "name": permissions, "permissionNames": permissions });
    call(fake, "userRole.add", json!({ "ks": admin(fake).expose(), "userRole": role }))["id"].clone()
}

#[test]
fn each_type_of_session_has_its_role() {
    let fake = fake();
    let of_token = |session_type| {
        let spec = TokenSpec::new(HashType::Sha1).user("alice").session_type(session_type);
        log_in(&fake, &fake.add_token(partner(), spec))
    };
    const OPEN: [&str; 2] = ["appToken.startSession", "user.get"];
    assert_eq!(refused(&fake, None), all_but(&[]));
    assert_eq!(refused(&fake, Some(&widget_ks(&fake))), all_but(&OPEN));
    assert_eq!(refused(&fake, Some(&of_token(SessionType::User))), all_but(&OPEN));
    assert_eq!(refused(&fake, Some(&of_token(SessionType::Admin))), Vec::<&str>::new());
    assert_eq!(refused(&fake, Some(&admin(&fake))), Vec::<&str>::new());
}

#[test]
fn each_permission_allows_only_its_actions() {
    let permissions: std::collections::BTreeSet<&str> = actions().iter().flat_map(|each| each.2).copied().collect();
    for permission in permissions {
        let fake = fake();
        let role = role(&fake, permission);
        let spec = TokenSpec::new(HashType::Sha1).user("alice").privileges(&format!("setrole:{role}"));
        let ks = log_in(&fake, &fake.add_token(partner(), spec));
        let allowed: Vec<&str> = actions()
            .into_iter()
            .filter(|each| {
                each.2.contains(&permission) || permission.contains("KMC_ACCESS") && each.2.contains(&"KMC_ACCESS")
            })
            .map(|each| each.0)
            .collect();
        assert_eq!(refused(&fake, Some(&ks)), all_but(&allowed), "{permission}");
    }
}

#[test]
fn the_roles_of_the_user_apply_unless_the_session_sets_one() {
    let fake = fake();
    let lists = role(&fake, "APP_TOKEN_BASE").to_string() + "," + &role(&fake, "APP_TOKEN_ADD").to_string();
    let user = json!({ "id": "operator", "roleIds": lists });
    assert_eq!(code(&call(&fake, "user.add", json!({ "ks": admin(&fake).expose(), "user": user }))), "");
    let spec = || TokenSpec::new(HashType::Sha1).user("operator");
    let allowed = ["appToken.add", "appToken.get", "appToken.list"];
    let ks = log_in(&fake, &fake.add_token(partner(), spec()));
    assert_eq!(refused(&fake, Some(&ks)), all_but(&allowed));

    let ks = log_in(&fake, &fake.add_token(partner(), spec().privileges("setrole:WIDGET_SESSION_ROLE")));
    assert_eq!(refused(&fake, Some(&ks)), all_but(&["appToken.startSession", "user.get"]));
}

#[test]
fn a_role_can_forbid_starting_sessions() {
    let fake = fake();
    let spec = TokenSpec::new(HashType::Sha1).privileges("setrole:CAPTURE_DEVICE_ROLE");
    let token = fake.add_token(partner(), spec);
    let ks = log_in(&fake, &token);
    let reply = start(&fake, &ks, &token, json!({}));
    assert_eq!(reply["args"], json!({ "SERVICE": "appToken->startSession" }));
    assert_eq!(reply["message"], "The access to service [appToken->startSession] is forbidden");
}

#[test]
fn a_user_session_cannot_get_other_users() {
    let fake = fake();
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha1).user("alice"));
    let _ = fake.add_token(partner(), TokenSpec::new(HashType::Sha1).user("bob"));
    let ks = log_in(&fake, &token);
    let get = |ks: &Ks, user: &str| call(&fake, "user.get", json!({ "ks": ks.expose(), "userId": user }));
    assert_eq!(get(&ks, "alice")["id"], "alice");
    assert_eq!(code(&get(&ks, "bob")), "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION");
    assert_eq!(get(&admin(&fake), "bob")["id"], "bob");
}

#[test]
fn invalid_users_and_roles_are_errors() {
    let fake = fake();
    let ks = admin(&fake);
    let with_ks = |action: &str, mut params: Value| {
        params["ks"] = ks.expose().into();
        call(&fake, action, params)
    };
    for (action, params, expected) in [
        ("user.add", json!({ "user": { "id": "a b" } }), "INVALID_FIELD_VALUE"),
        ("user.add", json!({ "user": { "id": "carol", "roleIds": "9999" } }), "USER_ROLE_NOT_FOUND"),
        ("user.add", json!({ "user": { "id": "carol", "roleIds": "6" } }), ""),
        ("user.add", json!({ "user": { "id": "CAROL" } }), "DUPLICATE_USER_BY_ID"),
        ("user.update", json!({ "userId": "nobody", "user": {} }), "INVALID_USER_ID"),
        ("user.get", json!({ "userId": "nobody" }), "INVALID_USER_ID"),
        ("user.delete", json!({ "userId": "nobody" }), "INVALID_USER_ID"),
        ("user.update", json!({ "userId": "admin", "user": { "roleIds": "1" } }), "INVALID_USER_ID"),
        ("userRole.add", json!({ "userRole": { "name": "r", "permissionNames": "NO_SUCH" } }), "PERMISSION_NOT_FOUND"),
        ("userRole.add", json!({ "userRole": { "name": "r", "systemName": "r" } }), ""),
        ("userRole.add", json!({ "userRole": { "name": "R" } }), "ROLE_NAME_ALREADY_EXISTS"),
        ("userRole.add", json!({ "userRole": { "name": "s", "systemName": "r" } }), "SYSTEM_NAME_ALREADY_EXISTS"),
        ("userRole.get", json!({ "userRoleId": 9_999 }), "INVALID_OBJECT_ID"),
    ] {
        assert_eq!(code(&with_ks(action, params.clone())), expected, "{action} {params}");
    }
    let unknown = with_ks("userRole.add", json!({ "userRole": { "name": "t", "permissionNames": "NO_SUCH" } }));
    assert_eq!(unknown["message"], format!("Permission [NO_SUCH] was not found for partner [{PARTNER}]"));
    assert_eq!(with_ks("user.get", json!({ "userId": "nobody" }))["args"], json!([]));
}

#[test]
fn a_user_cannot_change_its_own_role() {
    let fake = fake();
    let ks = admin(&fake);
    assert_eq!(code(&call(&fake, "user.add", json!({ "ks": ks.expose(), "user": { "id": "admin" } }))), "");
    let update = json!({ "ks": ks.expose(), "userId": "admin", "user": { "roleIds": "1" } });
    assert_eq!(code(&call(&fake, "user.update", update)), "CANNOT_CHANGE_OWN_ROLE");
}

#[test]
fn an_account_secret_starts_a_session_of_any_user() {
    let fake = fake();
    let secret = fake.admin_secret(partner()).unwrap();
    let start = json!({ "secret": secret.expose(), "partnerId": PARTNER, "userId": "bob", "type": 0, "expiry": 60 });
    let ks = Ks::parse(call(&fake, "session.start", start).as_str().unwrap()).unwrap();
    assert_eq!(refused(&fake, Some(&ks)), all_but(&["appToken.startSession", "user.get"]));
    let wrong = json!({ "secret": "x", "partnerId": PARTNER, "userId": "bob", "type": 0 });
    assert_eq!(code(&call(&fake, "session.start", wrong)), "START_SESSION_ERROR");
}
