//! How the server handles sessions: one test for each surprise for clients.

use std::time::Duration;

use apptoken_core::{Clock as _, HashType, PartnerId, SessionType, UnixSeconds};
use apptoken_transport_fake::{Account, Fake, PartnerStatus, TokenSpec, TokenStatus};
use serde_json::{Value, json};

use crate::client::{admin, call, code, fake, fault_of, ks_of, log_in, partner, reply, start, token, widget_ks};

#[test]
fn the_hash_is_checked_after_the_status_before_the_expiry() {
    let fake = fake();
    let end = UnixSeconds(fake.clock().time().0 + 60);
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha1).expires_at(end));
    let ks = widget_ks(&fake);
    let wrong = json!({ "tokenHash": "00" });
    fake.clock().advance(Duration::from_secs(61));
    assert_eq!(code(&start(&fake, &ks, &token, wrong.clone())), "INVALID_APP_TOKEN_HASH");
    assert_eq!(code(&start(&fake, &ks, &token, json!({}))), "APP_TOKEN_EXPIRED");
    assert!(fake.set_token_status(&token.id, TokenStatus::Disabled));
    assert_eq!(code(&start(&fake, &ks, &token, wrong.clone())), "APP_TOKEN_NOT_ACTIVE");
    assert!(fake.set_token_status(&token.id, TokenStatus::Deleted));
    assert_eq!(code(&start(&fake, &ks, &token, wrong)), "APP_TOKEN_ID_NOT_FOUND");
}

#[test]
fn any_session_of_the_account_can_start_a_token_session() {
    let fake = fake();
    let token = token(&fake);
    let session = log_in(&fake, &token);
    for ks in [widget_ks(&fake), session, admin(&fake)] {
        assert_eq!(code(&start(&fake, &ks, &token, json!({}))), "");
    }
}

#[test]
fn a_hash_can_be_reused_until_its_session_expires() {
    let fake = fake();
    let (token, ks) = (token(&fake), widget_ks(&fake));
    let (first, second) = (start(&fake, &ks, &token, json!({})), start(&fake, &ks, &token, json!({})));
    assert_eq!((code(&first), code(&second)), ("", ""));
    assert_ne!(first["ks"], second["ks"]);
    fake.clock().advance(Duration::from_secs(86_401));
    assert_eq!(start(&fake, &ks, &token, json!({}))["args"]["KSID"], "EXPIRED");
}

#[test]
fn a_session_expires_when_its_token_expires() {
    let fake = fake();
    let now = fake.clock().time().0;
    let spec = || TokenSpec::new(HashType::Md5).duration(Duration::from_secs(3_600));
    let lifetime = |token, asked: Value| {
        let session = start(&fake, &widget_ks(&fake), &token, asked);
        session["expiry"].as_i64().unwrap() - now
    };
    assert_eq!(lifetime(fake.add_token(partner(), spec()), json!({})), 3_600);
    assert_eq!(lifetime(fake.add_token(partner(), spec()), json!({ "expiry": 0 })), 3_600);
    assert_eq!(lifetime(fake.add_token(partner(), spec()), json!({ "expiry": 60 })), 60);
    assert_eq!(lifetime(fake.add_token(partner(), spec()), json!({ "expiry": 7_200 })), 3_600);
    let ending = spec().expires_at(UnixSeconds(now + 100));
    assert_eq!(lifetime(fake.add_token(partner(), ending), json!({})), 100);
    let long = TokenSpec::new(HashType::Md5).duration(Duration::from_secs(1_000_000));
    assert_eq!(lifetime(fake.add_token(partner(), long), json!({})), 1_000_000, "the account's limit does not count");
}

#[test]
fn a_login_cannot_change_what_the_token_sets() {
    let fake = fake();
    let wishes = json!({ "userId": "mallory", "type": 2, "sessionPrivileges": "setrole:2,list:*,download:1" });
    let spec = TokenSpec::new(HashType::Sha512).user("alice").session_type(SessionType::User).privileges("edit:7");
    let fixed = start(&fake, &widget_ks(&fake), &fake.add_token(partner(), spec), wishes.clone());
    assert_eq!((&fixed["userId"], &fixed["sessionType"]), (&json!("alice"), &json!(0)));
    let privileges = fixed["privileges"].as_str().unwrap();
    assert!(privileges.contains("edit:7"), "{privileges}");
    assert!(!privileges.contains("setrole") && !privileges.contains("list"), "{privileges}");

    let free = start(&fake, &widget_ks(&fake), &fake.add_token(partner(), TokenSpec::new(HashType::Sha512)), wishes);
    assert_eq!((&free["userId"], &free["sessionType"]), (&json!("mallory"), &json!(2)));
}

#[test]
fn ending_a_session_ends_all_sessions_of_its_token() {
    let fake = fake();
    let (mine, other) = (token(&fake), token(&fake));
    let (first, second, apart) = (log_in(&fake, &mine), log_in(&fake, &mine), log_in(&fake, &other));
    assert_eq!(call(&fake, "session.end", json!({ "ks": first.expose() })), Value::Null);
    assert_eq!(fault_of(&fake, &first), "LOGOUT");
    assert_eq!(fault_of(&fake, &second), "LOGOUT");
    assert_eq!(fault_of(&fake, &log_in(&fake, &mine)), "LOGOUT", "a session made afterwards is dead on arrival");
    assert_eq!(fault_of(&fake, &apart), "");
}

#[test]
fn the_error_for_a_refused_session_names_the_reason() {
    let fake = fake();
    let ks = log_in(&fake, &token(&fake));
    fake.clock().advance(Duration::from_secs(90_000));
    let reply = call(&fake, "user.get", json!({ "ks": ks.expose() }));
    let args = json!({ "KSID": "EXPIRED", "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR" });
    assert_eq!((&reply["code"], &reply["args"]), (&json!("INVALID_KS"), &args));
    assert_eq!(reply["message"], "Invalid KS \"EXPIRED\", Error \"-1,INVALID_STR\"");
}

#[test]
fn the_error_for_an_unreadable_ks_contains_the_ks() {
    let (here, elsewhere) = (fake(), Fake::builder().build());
    elsewhere.add_account(Account::new(PartnerId::new(999).unwrap()));
    let foreign = elsewhere.admin_session(PartnerId::new(999).unwrap()).unwrap();
    assert_eq!(fault_of(&here, &foreign), foreign.expose());
}

#[test]
fn a_cached_widget_session_is_repeated_for_ten_minutes() {
    let fake = Fake::new();
    assert!(!widget_ks(&fake).is_same(&widget_ks(&fake)), "without the cache each is another");
    fake.set_response_cache(true);
    let first = widget_ks(&fake);
    fake.clock().advance(Duration::from_secs(599));
    assert!(first.is_same(&widget_ks(&fake)));
    let fresh = call(&fake, "session.startWidgetSession", json!({ "widgetId": "_101", "nocache": 1 }));
    assert!(!first.is_same(&ks_of(&fresh)));
    fake.clock().advance(Duration::from_secs(1));
    assert!(!first.is_same(&widget_ks(&fake)));
}

#[test]
fn a_cached_error_is_repeated_for_two_minutes() {
    let fake = Fake::new();
    fake.set_response_cache(true);
    let get = || code(&call(&fake, "session.startWidgetSession", json!({ "widgetId": "_202" }))).to_owned();
    assert_eq!(get(), "INVALID_WIDGET_ID");
    fake.add_account(Account::new(PartnerId::new(202).unwrap()));
    fake.clock().advance(Duration::from_secs(119));
    assert_eq!(get(), "INVALID_WIDGET_ID");
    fake.clock().advance(Duration::from_secs(1));
    assert_eq!(get(), "");
}

#[test]
fn widget_sessions_cannot_be_ended() {
    let fake = fake();
    let ks = widget_ks(&fake);
    assert_eq!(call(&fake, "session.end", json!({ "ks": ks.expose() })), Value::Null);
    assert_eq!(code(&start(&fake, &ks, &token(&fake), json!({}))), "");
}

#[test]
fn errors_come_with_status_200() {
    let fake = fake();
    let reply = reply(&fake, "session.startWidgetSession", &json!({ "widgetId": "_1" }));
    assert_eq!(reply.status, 200);
    let expected = r#"{"code":"INVALID_WIDGET_ID","message":"Unknown widget [_1]","objectType":"KalturaAPIException","args":{"WIDGET_ID":"_1"}}"#;
    assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
}

#[test]
fn a_blocked_account_starts_widget_sessions_that_are_refused() {
    let fake = fake();
    let (token, session) = (token(&fake), log_in(&fake, &token(&fake)));
    assert!(fake.change_account(partner(), |account| account.status(PartnerStatus::ContentBlocked)));
    let ks = widget_ks(&fake);
    assert_eq!(code(&start(&fake, &ks, &token, json!({}))), "SERVICE_FORBIDDEN_CONTENT_BLOCKED");
    assert_eq!(fault_of(&fake, &session), "SERVICE_FORBIDDEN_CONTENT_BLOCKED");
    assert!(fake.change_account(partner(), |account| account.status(PartnerStatus::Active)));
    assert_eq!(fault_of(&fake, &session), "");
}

#[test]
fn every_time_comes_from_the_clock() {
    let fake = fake();
    let before = fake.clock().now().wall;
    let _ = log_in(&fake, &token(&fake));
    assert_eq!(fake.clock().now().wall, before, "answers take no time");
    assert_eq!(call(&fake, "system.getTime", json!({})), json!(before.0));
}
