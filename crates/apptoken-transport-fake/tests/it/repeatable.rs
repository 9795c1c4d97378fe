//! The same calls give the same bytes, and a snapshot contains everything.

use std::time::Duration;

use apptoken_core::{HashType, UnixSeconds};
use apptoken_golden::partners;
use apptoken_transport_fake::{Account, DeliveryKind, Fake, FakeClock, PartnerStatus, TokenSpec, TokenStatus};
use serde_json::{Value, json};

use crate::client::{admin, call, code, deliver, fault_of, log_in, partner, start, token, widget_ks};

/// The complete replies to various calls.
fn some_calls(fake: &Fake) -> Vec<DeliveryKind> {
    let token = token(fake);
    let ks = admin(fake);
    let session = log_in(fake, &token);
    let mut answers = Vec::new();
    for (action, params) in [
        ("appToken.add", json!({ "ks": ks.expose(), "appToken": { "sessionUserId": "bob" } })),
        ("appToken.list", json!({ "ks": ks.expose() })),
        ("user.list", json!({ "ks": ks.expose() })),
        ("userRole.add", json!({ "ks": ks.expose(), "userRole": { "name": "r" } })),
        ("session.startWidgetSession", json!({ "widgetId": "_101" })),
        ("session.end", json!({ "ks": session.expose() })),
        ("user.get", json!({ "ks": session.expose() })),
        ("no.such", json!({})),
    ] {
        answers.push(deliver(fake, action, &params).kind);
        fake.clock().advance(Duration::from_millis(700));
    }
    answers
}

#[test]
fn the_same_seed_gives_the_same_replies() {
    let of_seed = |seed| {
        let fake = Fake::builder().seed(seed).build();
        fake.add_account(Account::new(partner()));
        some_calls(&fake)
    };
    assert_eq!(of_seed(5), of_seed(5));
    assert_ne!(of_seed(5), of_seed(6));
    assert_eq!(some_calls(&Fake::new()), some_calls(&Fake::new()));
}

#[test]
fn a_snapshot_restores_everything() {
    let fake = Fake::new();
    let (dead, alive) = (token(&fake), token(&fake));
    let ks = admin(&fake);
    let ended = log_in(&fake, &dead);
    let going_on = log_in(&fake, &alive);
    call(&fake, "session.end", json!({ "ks": ended.expose() }));
    let limited = TokenSpec::new(HashType::Sha1).privileges("actionslimit:2");
    let limited = log_in(&fake, &fake.add_token(partner(), limited));
    assert_eq!(fault_of(&fake, &limited), "");
    let carol = json!({
        "id": "carol", "roleIds": "6", "isSsoExcluded": true, "email": "c@x.co", "password": "Abcdef1!",
    });
    call(&fake, "user.add", json!({ "ks": ks.expose(), "user": carol }));
    call(&fake, "user.update", json!({ "ks": ks.expose(), "userId": "carol", "user": { "email": "d@x.co" } }));
    call(&fake, "user.add", json!({ "ks": ks.expose(), "user": { "id": "dan" } }));
    call(&fake, "user.update", json!({ "ks": ks.expose(), "userId": "dan", "user": { "status__null": "" } }));
    let role =
        call(&fake, "userRole.add", json!({ "ks": ks.expose(), "userRole": { "name": "r", "status__null": "" } }));

    let snapshot = fake.snapshot();
    let other = Fake::builder().clock(FakeClock::frozen_at(fake.clock().time())).build();
    other.restore(&snapshot).unwrap();
    assert_eq!(other.snapshot(), snapshot);
    for fake in [&fake, &other] {
        assert_eq!((fault_of(fake, &ended), fault_of(fake, &going_on)), ("LOGOUT".into(), String::new()));
        assert_eq!(fault_of(fake, &limited), "");
        assert_eq!(fault_of(fake, &limited), "EXCEEDED_ACTIONS_LIMIT");
        let carol = call(fake, "user.get", json!({ "ks": ks.expose(), "userId": "carol" }));
        assert_eq!((&carol["roleIds"], &carol["isSsoExcluded"]), (&json!("6"), &json!(true)));
        let again = json!({ "id": "eve", "email": "c@x.co", "password": "Abcdef1!" });
        let again = call(fake, "user.add", json!({ "ks": ks.expose(), "user": again }));
        assert_eq!(code(&again), "DUPLICATE_USER_BY_LOGIN_ID");
        let dan = call(fake, "user.get", json!({ "ks": ks.expose(), "userId": "dan" }));
        assert_eq!(code(&dan), "INVALID_USER_ID");
        let role = call(fake, "userRole.get", json!({ "ks": ks.expose(), "userRoleId": role["id"] }));
        assert_eq!((&role["status"], role.get("systemName")), (&json!(0), None));
    }
    assert_eq!(some_calls(&fake), some_calls(&other), "and they go on alike");
}

#[test]
fn restoring_a_snapshot_undoes_later_changes() {
    let fake = Fake::new();
    fake.set_response_cache(true);
    let token = token(&fake);
    let (before, ks) = (fake.snapshot(), admin(&fake));
    let widget = widget_ks(&fake);
    call(&fake, "appToken.delete", json!({ "ks": ks.expose(), "id": token.id.as_str() }));
    fake.restore(&before).unwrap();
    assert!(ks.is_same(&admin(&fake)), "chance went back too");
    assert_eq!(code(&start(&fake, &widget, &token, json!({}))), "");
}

#[test]
fn an_invalid_snapshot_changes_nothing() {
    let fake = Fake::new();
    let before = fake.snapshot();
    for text in ["", "{}", "[]", &before[..before.len() - 1]] {
        let error = fake.restore(text).unwrap_err();
        assert!(error.to_string().starts_with("not a snapshot of a fake (line 1, column"), "{error}");
    }
    assert_eq!(fake.snapshot(), before);
}

#[test]
fn an_inconsistent_snapshot_is_rejected() {
    let fake = Fake::new();
    let _ = token(&fake);
    let before = fake.snapshot();
    let sound: Value = serde_json::from_str(&before).unwrap();
    let token_key = sound["tokens"].as_object().unwrap().keys().next().unwrap().clone();
    for (path, value, expected) in [
        ("/accounts/101/id", json!(0), "expected an account id"),
        ("/accounts/101/id", json!(2_147_483_648_u32), "expected an account id"),
        ("/accounts/101/id", json!(102), "expected the id of each account as its key"),
        ("/accounts/101/admin_secrets", json!([]), "expected one or more account secrets"),
        ("/accounts/101/admin_secrets/0", json!(""), "expected one or more account secrets"),
        ("/accounts/101/user_secret", json!(" "), "expected an account secret"),
        ("/accounts/101/ks_version", json!(3), "expected the KS version 1 or 2"),
        ("/accounts/101/status", json!(0), "expected a status from 1 to 3"),
        ("/accounts/101/parent", json!(0), "expected an account id"),
        ("/widgets/_101/partner_id", json!(0), "expected an account id"),
        ("/widgets/_101/id", json!("_102"), "expected the upper-case id of each widget as its key"),
        (&format!("/tokens/{token_key}/id"), json!(""), "expected an app token id"),
        (&format!("/tokens/{token_key}/id"), json!("0_other"), "expected the upper-case id of each token as its key"),
        (&format!("/tokens/{token_key}/token"), json!(""), "expected an app token value"),
        (&format!("/tokens/{token_key}/partner_id"), json!(-1), "expected an account id"),
        (&format!("/tokens/{token_key}/partner_id"), json!(999), "expected the account of each token to exist"),
        (&format!("/tokens/{token_key}/status"), json!(9), "expected a status from 1 to 3"),
        ("/users/0/status", json!(3), "expected a status from 0 to 2, or null"),
        ("/roles/1/status", json!(4), "expected a status from 0 to 3"),
        ("/roles/1/status", json!(null), "expected a status from 0 to 3"),
        ("/users/0/row", json!(i64::MAX), "expected a number from 1 to 2147483647"),
        ("/users/1/row", sound["users"][0]["row"].clone(), "expected users with different numbers"),
        ("/roles/1/id", json!(i64::MAX), "expected a number from 1 to 2147483647"),
        ("/roles/1/id", json!(7), "expected the id of each role as its key"),
        ("/revocations/next", json!(u64::MAX), "expected a count below 2^63"),
    ] {
        let mut changed = sound.clone();
        *changed.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        let error = fake.restore(&changed.to_string()).unwrap_err().to_string();
        assert!(error.contains(expected), "{path}: {error}");
    }
    assert_eq!(fake.snapshot(), before);
    fake.restore(&before).unwrap();
}

#[test]
fn a_rejected_snapshot_shows_no_secret() {
    let fake = Fake::new();
    let state = fake.snapshot().replace("\"ks_version\":2", "\"ks_version\":\"canary\"");
    let error = fake.restore(&state).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[test]
fn an_account_keeps_its_secret_if_none_is_given() {
    let fake = Fake::new();
    assert!(fake.change_account(partner(), |account| account.admin_secrets([])));
    assert!(fake.admin_session(partner()).is_some());
}

#[test]
fn random_secrets_differ_in_every_fake() {
    let secrets = || {
        let fake = Fake::new();
        let known = token(&fake);
        fake.use_system_randomness();
        let token = fake.token(&known.id).unwrap();
        assert!(token.secret.expose() != known.secret.expose());
        let restored = Fake::new();
        restored.use_system_randomness();
        restored.restore(&fake.snapshot()).unwrap();
        let more = crate::client::token(&restored);
        [
            token.secret.expose().to_owned(),
            fake.admin_secret(partner()).unwrap().expose().to_owned(),
            more.secret.expose().to_owned(),
            widget_ks(&fake).expose().to_owned(),
        ]
    };
    let (one, other) = (secrets(), secrets());
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    assert!(!one.contains(&Fake::new().admin_secret(partner()).unwrap().expose().to_owned()));
}

#[test]
fn accounts_are_read_from_a_configuration() {
    let fake = Fake::from_config(&partners().to_string()).unwrap();
    let ids: Vec<u32> = fake.accounts().iter().map(Account::id).collect();
    assert!(ids.starts_with(&[101, 102, 103]), "{ids:?}");
    let secret = fake.admin_secret(partner()).unwrap();
    let start = json!({ "secret": secret.expose(), "partnerId": 101, "type": 2 });
    assert!(call(&fake, "session.start", start).is_string());
}

#[test]
fn a_configuration_error_names_the_key() {
    for (config, expected) in [
        ("", "JSON"),
        ("{}", "partners"),
        (
            r#"{"partners": [{"id": 7, "adminSecret": "a", "secret": "b"}, {"id": 7, "adminSecret": "c", "secret": "d"}]}"#,
            "partners[1].id: expected a number that no other account has",
        ),
        (
            r#"{"partners": [{"id": 7, "adminSecret": "a", "secret": "b"}], "roles": [{"id": 9223372036854775807, "name": "r"}]}"#,
            "roles[0].id: expected a number from 1 to 2147483647",
        ),
        (r#"{"partners": 1}"#, "partners"),
        (r#"{"partners": [{"id": -1}]}"#, "partners[0].id"),
        (r#"{"partners": [{"id": 101, "ksVersion": 3}]}"#, "partners[0].ksVersion"),
        (r#"{"partners": [{"id": 101, "ksVersion": 2, "adminSecret": 7}]}"#, "partners[0].adminSecret"),
    ] {
        let error = Fake::from_config(config).unwrap_err().to_string();
        assert!(error.contains(expected), "{config}: {error}");
    }
    let secret = r#"{"partners": [{"id": 101, "ksVersion": 9, "adminSecret": "5ec7e7"}]}"#;
    assert!(!Fake::from_config(secret).unwrap_err().to_string().contains("5ec7e7"));
}

#[test]
fn tests_can_change_what_the_api_cannot() {
    let fake = Fake::new();
    let token = token(&fake);
    assert!(fake.set_token_status(&token.id, TokenStatus::Disabled));
    assert_eq!(fake.token(&token.id).unwrap().status, TokenStatus::Disabled);
    assert_eq!(code(&start(&fake, &widget_ks(&fake), &token, json!({}))), "APP_TOKEN_NOT_ACTIVE");
    assert!(!fake.set_token_status(&apptoken_core::AppTokenId::parse("0_none0000").unwrap(), TokenStatus::Active));

    let nobody = apptoken_core::PartnerId::new(7).unwrap();
    assert!(!fake.change_account(nobody, |account| account));
    assert!(fake.change_account(partner(), |account| account.max_lifetime(Some(60))));
    let added = call(&fake, "appToken.add", json!({ "ks": admin(&fake).expose(), "appToken": {} }));
    assert_eq!(added["sessionDuration"], 60);
    assert!(fake.change_account(partner(), |account| account.status(PartnerStatus::FullyBlocked)));
    assert_eq!(fault_of(&fake, &admin(&fake)), "SERVICE_FORBIDDEN_CONTENT_BLOCKED");
}

#[test]
fn clones_of_the_clock_share_its_time() {
    let clock = FakeClock::frozen_at(UnixSeconds(1_700_000_000));
    let fake = Fake::builder().clock(clock.clone()).build();
    clock.set(UnixSeconds(1_800_000_000));
    assert_eq!(call(&fake, "system.getTime", Value::Null), json!(1_800_000_000));
}
