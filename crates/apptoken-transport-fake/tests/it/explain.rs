//! Explanations of calls, compared with what the same calls are answered.

use std::time::Duration;

use apptoken_core::{HashType, Ks};
use apptoken_transport_fake::{
    Account, Answer, CheckName, CheckOutcome, Explanation, Fake, PartnerStatus, RepairStep, SessionReport, SessionSpec,
    TokenSpec,
};
use serde_json::{Map, Value, json};

use crate::client::{admin, call, code, fake, log_in, partner, reply, token, widget_ks};
use crate::every_action::ROWS;

fn explain(fake: &Fake, action: &str, ks: Option<&Ks>, parameters: &Value) -> Explanation {
    let question = json!({ "action": action, "ks": ks.map(Ks::expose), "parameters": parameters });
    fake.explain(&question.to_string()).unwrap()
}

/// What the server answers: nothing if it gives the test's own answer, or else the code and the message.
fn refusal(
    fake: &Fake,
    action: &str,
    ks: Option<&Ks>,
    parameters: &Map<String, Value>,
) -> Option<(u16, String, String)> {
    let mut params = parameters.clone();
    if let Some(ks) = ks {
        params.insert("ks".to_owned(), ks.expose().into());
    }
    let reply = reply(fake, action, &params.into());
    if reply.body == br#""passed""# {
        return None;
    }
    let json: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let in_header = reply.header("X-Kaltura").unwrap_or_default().trim_start_matches("error- ");
    let code = if json.is_null() { in_header } else { code(&json) };
    Some((reply.status, code.to_owned(), json["message"].as_str().unwrap_or_default().to_owned()))
}

fn explained_refusal(explanation: &Explanation) -> Option<(u16, String, String)> {
    let refusal = explanation.refusal.as_ref()?;
    let message = if refusal.is_in_header { String::new() } else { refusal.message.clone() };
    Some((refusal.status, refusal.code.clone(), message))
}

/// Sessions that each fail another check, or none.
fn sessions(fake: &Fake) -> Vec<(&'static str, Option<Ks>)> {
    let of = |spec| fake.session(partner(), spec);
    let revoked = of(SessionSpec::admin("gone")).unwrap();
    call(fake, "session.end", json!({ "ks": revoked.expose() }));
    vec![
        ("no session", None),
        ("garbage", Ks::parse("garbage").ok()),
        ("expired", of(SessionSpec::admin("u").expires_in(-1))),
        ("of another address", of(SessionSpec::admin("u").privileges("iprestrict:10.0.0.1"))),
        ("for another URI", of(SessionSpec::admin("u").privileges("urirestrict:/nowhere"))),
        ("revoked", Some(revoked)),
        ("with an unknown role", of(SessionSpec::admin("u").privileges("setrole:9999"))),
        ("without roles", of(SessionSpec::admin("u").privileges("setrole:null"))),
        ("widget", of(SessionSpec::widget())),
        ("user", of(SessionSpec::user("u"))),
        ("admin", of(SessionSpec::admin("u"))),
    ]
}

#[test]
fn every_action_is_refused_as_explained() {
    let fake = fake();
    let sessions = sessions(&fake);
    let mut allowed = 0;
    for (at, row) in ROWS.iter().enumerate() {
        // An answer of the test's own follows all checks, so it shows that a call has passed them.
        fake.clear_answers();
        fake.answer(&row.name, Answer::value("passed")).unwrap();
        for (kind, ks) in &sessions {
            // The checks of the session itself are the same for all actions.
            if !matches!(*kind, "no session" | "widget" | "user" | "admin") && at % 8 > 0 {
                continue;
            }
            let incomplete = (*kind == "user").then(Map::new);
            for parameters in incomplete.into_iter().chain([row.parameters()]) {
                let explanation = explain(&fake, &row.name, ks.as_ref(), &parameters.clone().into());
                let actual = refusal(&fake, &row.name, ks.as_ref(), &parameters);
                assert_eq!(explained_refusal(&explanation), actual, "{} with {kind}: {parameters:?}", row.name);
                assert_eq!(explanation.allowed, actual.is_none(), "{} with {kind}", row.name);
                allowed += usize::from(explanation.allowed);
            }
        }
    }
    assert!(allowed > 900, "{allowed}");
}

#[test]
fn a_repair_makes_the_failed_check_pass() {
    let fake = fake();
    for (kind, ks) in sessions(&fake) {
        for action in ["media.list", "appToken.add", "userRole.list", "partner.getInfo"] {
            let parameters = json!({ "appToken": {} });
            let explanation = explain(&fake, action, ks.as_ref(), &parameters);
            let Some(refusal) = &explanation.refusal else { continue };
            assert!(!explanation.repairs.is_empty(), "{action} with {kind}: {refusal:?}");
            for repair in &explanation.repairs {
                let RepairStep::NewSession { kind, user, privileges, .. } = &repair.step else { panic!("a session") };
                let spec = match *kind {
                    "admin" => SessionSpec::admin(user),
                    "widget" => SessionSpec::widget(),
                    _ => SessionSpec::user(user),
                };
                let ks = fake.session(partner(), spec.privileges(privileges));
                let repaired = explain(&fake, action, ks.as_ref(), &parameters);
                assert_eq!(repaired.allowed, repair.allows, "{action}: {}", repair.text);
                assert_ne!(repaired.refusal.map(|refusal| refusal.check), Some(refusal.check), "{}", repair.text);
            }
        }
    }
}

#[test]
fn an_explanation_changes_nothing() {
    let fake = Fake::builder().response_cache(true).build();
    fake.add_account(Account::new(partner()).feature("FEATURE_END_USER_REPORTS"));
    fake.answer("partner.getInfo", Answer::value(json!({}))).unwrap();
    let limited = fake.session(partner(), SessionSpec::admin("new user").privileges("actionslimit:2")).unwrap();
    let before = (fake.snapshot(), serde_json::to_value(fake.journal()).unwrap());
    for _ in 0..5 {
        for action in ["partner.getInfo", "appToken.add", "session.end", "user.delete", "nope.nope"] {
            let explanation = explain(&fake, action, Some(&limited), &json!({ "appToken": {}, "userId": "x" }));
            assert_eq!(explanation.allowed, action != "nope.nope", "{action}");
        }
        let SessionReport::Readable(session) = fake.inspect_session(limited.expose()) else { panic!("readable") };
        assert_eq!((session.is_valid, session.actions_left), (true, Some(2)));
    }
    assert_eq!((fake.snapshot(), serde_json::to_value(fake.journal()).unwrap()), before);
}

#[test]
fn each_failed_check_is_explained() {
    let fake = fake();
    let blocked = fake.session(partner(), SessionSpec::user("blocked")).unwrap();
    call(&fake, "user.add", json!({ "ks": admin(&fake).expose(), "user": { "id": "blocked" } }));
    call(&fake, "user.update", json!({ "ks": admin(&fake).expose(), "userId": "blocked", "user": { "status": 0 } }));
    let used_up = fake.session(partner(), SessionSpec::admin("u").privileges("actionslimit:1")).unwrap();
    call(&fake, "user.list", json!({ "ks": used_up.expose() }));
    let admin = admin(&fake);
    let widget = widget_ks(&fake);
    let of = |spec| fake.session(partner(), spec).unwrap();
    let (none, empty) = (None, json!({}));
    let expired = of(SessionSpec::user("u").expires_in(-60));
    let elsewhere = of(SessionSpec::user("u").privileges("iprestrict:10.0.0.1"));
    for (action, ks, parameters, check, words) in [
        ("nope.list", none, &empty, CheckName::Action, "\"nope\" does not exists"),
        ("media.list", none, &json!({ "language": "english" }), CheckName::Language, "`en_US`"),
        ("media.list", Some(&Ks::parse("x").unwrap()), &empty, CheckName::Signature, "not base64"),
        ("media.get", Some(&admin), &empty, CheckName::Arguments, "Not given, although mandatory: entryId."),
        ("media.list", Some(&admin), &json!({ "responseProfile": "x" }), CheckName::ResponseProfile, "not of its type"),
        ("media.list", Some(&expired), &empty, CheckName::Expiry, "1 minute ago"),
        (
            "media.list",
            Some(&elsewhere),
            &empty,
            CheckName::Address,
            "`iprestrict:10.0.0.1` does not include 127.0.0.1",
        ),
        ("media.list", Some(&used_up), &empty, CheckName::Revocation, "used up"),
        ("media.list", Some(&admin), &json!({ "partnerId": 102 }), CheckName::AccountStatus, "102 does not exist"),
        ("media.list", Some(&blocked), &empty, CheckName::User, "`blocked` is blocked"),
        ("appToken.add", Some(&widget), &json!({ "appToken": {} }), CheckName::Permission, "APP_TOKEN_ADD"),
    ] {
        let explanation = explain(&fake, action, ks, parameters);
        let failed: Vec<_> = explanation.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).collect();
        assert_eq!(failed.len(), 1, "{action}: {explanation:?}");
        assert_eq!(failed[0].check, check, "{action}: {}", failed[0].detail);
        assert!(failed[0].detail.contains(words), "{check:?}: {}", failed[0].detail);
    }
}

#[test]
fn roles_that_allow_an_action_are_listed() {
    let fake = fake();
    let role = call(
        &fake,
        "userRole.add",
        json!({ "ks": admin(&fake).expose(), "userRole": { "name": "Tokens", "permissionNames": "APP_TOKEN_ADD" } }),
    );
    let user = fake.session(partner(), SessionSpec::user("u")).unwrap();
    let explanation = explain(&fake, "appToken.add", Some(&user), &json!({ "appToken": {} }));
    let found = explanation.roles.iter().find(|each| each.name == "Tokens").unwrap();
    assert_eq!((Some(found.id), &*found.has), (role["id"].as_i64(), &["APP_TOKEN_ADD"][..]));
    let setrole = format!("setrole:{}", found.id);
    assert!(explanation.repairs.iter().any(|repair| repair.text.contains(&setrole) && repair.allows));
}

#[test]
fn a_blocked_account_is_made_active_as_a_repair() {
    let fake = fake();
    let ks = admin(&fake);
    fake.change_account(partner(), |account| account.status(PartnerStatus::FullyBlocked));
    let explanation = explain(&fake, "media.list", Some(&ks), &json!({}));
    assert_eq!(explanation.repairs[0].step, RepairStep::ActivateAccount { partner: 101 });
}

#[test]
fn a_session_of_a_token_is_read_without_secrets() {
    let fake = fake();
    let token = token(&fake);
    let ks = log_in(&fake, &token);
    let SessionReport::Readable(session) = fake.inspect_session(ks.expose()) else { panic!("readable") };
    assert_eq!((session.kind, session.user_id.as_str(), session.is_valid), ("user", "alice", true));
    assert_eq!(session.app_token.as_ref().map(|of| of.id.as_str()), Some(token.id.as_str()));
    assert!(session.permissions.contains(&"BASE_USER_SESSION_PERMISSION"));
    assert!(!serde_json::to_string(&session).unwrap().contains(token.secret.expose()));
    assert!(fake.delete_token(&token.id));
    let SessionReport::Readable(session) = fake.inspect_session(ks.expose()) else { panic!("readable") };
    let refusal = session.refusal.unwrap();
    assert_eq!((refusal.check, &*refusal.code), (CheckName::Revocation, "INVALID_KS"));
    let SessionReport::Unreadable { reason, .. } = fake.inspect_session("?") else { panic!("unreadable") };
    assert!(reason.contains("not base64"), "{reason}");
}

#[test]
fn the_journal_lists_sessions_and_renewals() {
    let fake = fake();
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha1));
    let widget = widget_ks(&fake);
    let start = |user: &str| crate::client::start(&fake, &widget, &token, json!({ "userId": user }));
    for user in ["alice", "bob", "alice"] {
        start(user);
        fake.clock().advance(Duration::from_secs(1));
    }
    let journal = fake.journal();
    let sessions: Vec<_> = journal.entries().map(|entry| entry.sessions.as_slice()).collect();
    let shown: Vec<_> = sessions.iter().map(|all| (all[0].kind, all[0].user.as_deref(), all[0].is_renewal)).collect();
    assert_eq!(
        shown,
        [
            ("widget", None, false),
            ("user", Some("alice"), false),
            ("user", Some("bob"), false),
            ("user", Some("alice"), true)
        ]
    );
    assert_eq!(sessions[1][0].app_token.as_deref(), Some(token.id.as_str()));
    let last = fake.journal_after(3);
    assert_eq!(last.entries().map(|entry| entry.number).collect::<Vec<_>>(), [4]);
    assert_eq!(
        (last.requests(), fake.journal_after(4).entries().count(), fake.journal_after(0).entries().count()),
        (4, 0, 4)
    );
}
