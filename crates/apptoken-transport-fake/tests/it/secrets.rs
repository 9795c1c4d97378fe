//! Secrets appear only in the replies that must contain them.

use apptoken_core::{AccountSecret, HashType, SessionType, UnixSeconds};
use apptoken_ks::{KsFields, mint_v1, mint_v2};
use apptoken_transport_fake::{Account, Fake, Fault, FaultKind, TokenSpec};
use serde_json::json;

use crate::client::{PARTNER, admin, call, deliver, fake, ks_of, log_in, partner, request, start, token, widget_ks};

/// All debug output and errors of the fake.
fn shown(fake: &Fake) -> String {
    let journal = fake.journal();
    let entries: Vec<_> = journal.entries().collect();
    format!(
        "{fake:?} {journal:?} {entries:?} {} {:?} {:?} {:?} {:?}",
        serde_json::to_string(&journal).unwrap(),
        fake.accounts(),
        fake.tokens(partner()),
        fake.faults(),
        fake.admin_secret(partner()),
    )
}

#[test]
fn journal_and_debug_texts_hold_no_secrets() {
    for trouble in [
        None,
        Some(FaultKind::Reset),
        Some(FaultKind::Html(502)),
        Some(FaultKind::Truncated),
        Some(FaultKind::ApiError("INVALID_KS".into())),
    ] {
        let fake = Fake::builder().build();
        let secret = AccountSecret::parse("5ec7e7000000000000000000ca0a7f01").unwrap();
        let user_secret = AccountSecret::parse("5ec7e7000000000000000000ca0a7f02").unwrap();
        fake.add_account(Account::new(partner()).admin_secrets([&secret]).user_secret(&user_secret));
        let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).session_type(SessionType::Admin));
        let (admin, widget) = (admin(&fake), widget_ks(&fake));
        let session = log_in(&fake, &token);
        let hash = token.hash_type.token_hash(&widget, &token.secret);
        if let Some(trouble) = trouble {
            fake.inject(Fault::on_any(trouble));
        }
        let mut secrets = vec![
            secret.expose().to_owned(),
            user_secret.expose().to_owned(),
            token.secret.expose().to_owned(),
            hash.expose().to_owned(),
        ];
        for ks in [&admin, &widget, &session] {
            secrets.push(ks.expose().to_owned());
        }
        let ks = session.expose();
        let mut deliveries = Vec::new();
        for (action, params) in [
            (
                "appToken.startSession",
                json!({ "ks": widget.expose(), "id": token.id.as_str(), "tokenHash": hash.expose() }),
            ),
            (
                "appToken.startSession",
                json!({ "ks": widget.expose(), "id": hash.expose(), "tokenHash": token.id.as_str() }),
            ),
            ("appToken.get", json!({ "ks": admin.expose(), "id": token.id.as_str() })),
            ("appToken.list", json!({ "ks": admin.expose(), "filter": { "idEqual": token.secret.expose() } })),
            ("session.start", json!({ "secret": secret.expose(), "partnerId": PARTNER, "type": 2 })),
            (
                "session.start",
                json!({ "secret": user_secret.expose(), "partnerId": PARTNER, "userId": secret.expose() }),
            ),
            ("session.get", json!({ "ks": ks, "session": widget.expose() })),
            ("session.end", json!({ "ks": ks })),
            ("session.end", json!({ "ks": ks })),
            ("session.end", json!({ "ks": format!("{ks}x") })),
            ("user.get", json!({ "ks": widget.expose(), "userId": ks, ks: 1 })),
            (
                "multirequest",
                json!({ "ks": admin.expose(), "1": { "service": "session", "action": "get", "session": ks }, "2": { "service": ks, "action": secret.expose() } }),
            ),
            (&format!("{ks}.{ks}"), json!({})),
        ] {
            let request = request(action, &params);
            deliveries.push(format!("{request:?} {:?}", fake.handle(&request)));
        }
        let mut in_path = request("session.get", &json!({}));
        in_path.target = format!("/api_v3/service/session/action/get/ks/{ks}?tokenHash={}", hash.expose());
        deliveries.push(format!("{in_path:?} {:?}", fake.handle(&in_path)));

        let shown = shown(&fake) + &deliveries.concat();
        for secret in secrets {
            // Not even half of a secret may appear.
            let part = &secret[secret.len() / 4..secret.len() * 3 / 4];
            assert!(!shown.contains(part), "{part} is shown");
        }
    }
}

#[test]
fn the_journal_shows_what_cannot_be_secret() {
    let fake = fake();
    let token = token(&fake);
    fake.clear_journal();
    let widget = widget_ks(&fake);
    fake.inject(Fault::on("appToken.startSession", FaultKind::Status(503)).nth(2));
    let _ = start(&fake, &widget, &token, json!({ "expiry": 60 }));
    let _ = deliver(&fake, "appToken.startSession", &json!({ "ks": widget.expose(), "id": "x", "tokenHash": "y" }));
    let journal = fake.journal();
    let entries: Vec<_> = journal.entries().collect();
    assert_eq!(entries.len(), 3);
    let [first, second, third] = entries.as_slice() else { panic!("three") };
    assert_eq!((&*first.action, &*first.outcome, first.status), ("session.startWidgetSession", "ok", Some(200)));
    assert_eq!((first.number, first.partner, &*first.method), (1, Some(101), "POST"));
    let of_second = |name: &str| {
        let found = second.parameters.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_deref())
    };
    assert_eq!(of_second("id"), Some(Some(token.id.as_str())));
    assert_eq!(of_second("expiry"), Some(Some("60")));
    assert_eq!((of_second("ks"), of_second("tokenHash")), (Some(None), Some(None)));
    assert_eq!((third.fault.as_deref(), third.status), (Some("status 503"), Some(503)));
    assert_eq!(journal.count("apptoken.startsession"), 2);
}

#[test]
fn the_journal_names_the_account_of_a_forged_ks() {
    let fake = fake();
    let secret = AccountSecret::parse("the-secret-of-nobody").unwrap();
    let privileges = "list:*,".repeat(100);
    let fields = KsFields {
        privileges: &privileges,
        ..KsFields::new(partner(), SessionType::Admin, UnixSeconds(1_900_000_000))
    };
    for ks in [mint_v1(&secret, &fields, "1"), mint_v2(&secret, &fields, [7; 16])] {
        let _ = deliver(&fake, "session.get", &json!({ "ks": ks.expose() }));
        let journal = fake.journal();
        let entry = journal.last().unwrap();
        assert_eq!((entry.partner, &*entry.outcome), (Some(101), "INVALID_KS"));
    }
    // The accent is across the end of the part that is read.
    let _ = deliver(&fake, "session.get", &json!({ "ks": format!("{}é", "a".repeat(127)) }));
    assert_eq!(fake.journal().last().unwrap().partner, None);
}

#[test]
fn the_journal_lists_the_parts_of_a_multirequest() {
    let fake = fake();
    let part = |id: &str| json!({ "service": "session", "action": "startWidgetSession", "widgetId": id });
    let _ = call(&fake, "multirequest", json!({ "1": part("_101"), "2": part("_1") }));
    let journal = fake.journal();
    let parts: Vec<_> = journal.last().unwrap().parts.iter().map(|(action, outcome)| (&**action, &**outcome)).collect();
    assert_eq!(parts, [("session.startWidgetSession", "ok"), ("session.startWidgetSession", "INVALID_WIDGET_ID")]);
    assert_eq!((journal.count("session.startWidgetSession"), journal.requests()), (2, 1));
}

#[test]
fn sessions_differ_and_contain_no_secrets() {
    let fake = fake();
    let secret = fake.admin_secret(partner()).unwrap();
    let first = call(&fake, "session.startWidgetSession", json!({ "widgetId": "_101" }));
    let second = call(&fake, "session.startWidgetSession", json!({ "widgetId": "_101" }));
    assert!(!ks_of(&first).is_same(&ks_of(&second)));
    assert!(!first.to_string().contains(secret.expose()));
}
