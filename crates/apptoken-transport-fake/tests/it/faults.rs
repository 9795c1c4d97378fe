//! Faults of each kind, before and after the server acts, through `handle` and through the transport.

use std::time::Duration;

use apptoken_core::{
    Clock as _, Credential, Endpoint, ErrorKind, HashType, KalturaCode, Login, RetryPolicy, Session, StoppedFlow, drive,
};
use apptoken_transport_fake::{DeliveryKind, Fake, Fault, FaultKind, Token, TokenSpec, WireReply};
use serde_json::{Value, json};

use crate::client::{admin, call, code, deliver, fake, partner, reply, token};

const ADD: &str = "appToken.add";

/// The number of tokens after an `appToken.add` with a fault, and its reply.
fn added(fault: Fault) -> (usize, DeliveryKind) {
    let fake = fake();
    let ks = admin(&fake);
    fake.inject(fault);
    let delivery = deliver(&fake, ADD, &json!({ "ks": ks.expose(), "appToken": {} }));
    (fake.tokens(partner()).len(), delivery.kind)
}

fn whole(answer: DeliveryKind) -> WireReply {
    match answer {
        DeliveryKind::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn body(reply: &WireReply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

#[test]
fn a_fault_happens_before_or_after_the_server_acts() {
    let redirect = FaultKind::Redirect { status: 302, location: "https://elsewhere.example.org/".into() };
    for fault in [
        FaultKind::Reset,
        FaultKind::EmptyReply,
        FaultKind::Html(200),
        FaultKind::Html(502),
        FaultKind::Null,
        redirect,
        FaultKind::Status(429),
        FaultKind::Status(503),
        FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into()),
        FaultKind::ActionBlocked,
    ] {
        let (before, first) = added(Fault::on(ADD, fault.clone()));
        let (after, second) = added(Fault::on(ADD, fault.clone()).after_commit());
        assert_eq!((before, after), (0, 1), "{fault:?}");
        let bare = |answer: &DeliveryKind| answer.reply().map(|reply| (reply.status, reply.body.clone()));
        assert_eq!(bare(&first), bare(&second), "the client sees no difference: {fault:?}");
    }
}

#[test]
fn the_server_acts_before_a_fault_that_changes_the_reply() {
    for fault in [
        FaultKind::CutAfter(0),
        FaultKind::CutAfter(20),
        FaultKind::Truncated,
        FaultKind::Malformed,
        FaultKind::Xml,
        FaultKind::Delay(Duration::from_secs(1)),
        FaultKind::Drip { chunk: 1, pause: Duration::from_millis(1) },
    ] {
        assert_eq!(added(Fault::on(ADD, fault.clone())).0, 1, "{fault:?}");
    }
    assert_eq!(added(Fault::on(ADD, FaultKind::Refused).after_commit()).0, 0, "nothing was sent");
}

#[test]
fn each_fault_delivers_its_kind_of_reply() {
    let answer = |fault| added(Fault::on(ADD, fault)).1;
    assert_eq!(answer(FaultKind::Refused), DeliveryKind::Refused);
    assert_eq!(answer(FaultKind::Reset), DeliveryKind::Reset);
    let DeliveryKind::Cut { reply, after: 20 } = answer(FaultKind::CutAfter(20)) else { panic!("a cut") };
    assert!(reply.body.len() > 20, "the whole body is promised");
    let DeliveryKind::Drip { reply, chunk: 3, pause } =
        answer(FaultKind::Drip { chunk: 3, pause: Duration::from_secs(2) })
    else {
        panic!("a drip")
    };
    assert_eq!((pause, body(&reply).starts_with("{\"id\":")), (Duration::from_secs(2), true));

    let reply = whole(answer(FaultKind::EmptyReply));
    assert_eq!((reply.status, &*body(&reply)), (200, ""));
    let reply = whole(answer(FaultKind::Html(502)));
    assert_eq!((reply.status, body(&reply).starts_with("<html>")), (502, true));
    assert_eq!(body(&whole(answer(FaultKind::Null))), "null");
    let reply = whole(answer(FaultKind::Status(429)));
    assert_eq!((reply.status, &*body(&reply)), (429, ""));
    let reply = whole(answer(FaultKind::Redirect { status: 307, location: "https://x.example.org/".into() }));
    assert_eq!((reply.status, reply.header("location")), (307, Some("https://x.example.org/")));
    let reply = whole(answer(FaultKind::Xml));
    assert!(body(&reply).contains("<xml><result><objectType>KalturaAppToken"), "{}", body(&reply));
    let truncated = body(&whole(answer(FaultKind::Truncated)));
    assert!(truncated.starts_with("{\"id\"") && serde_json::from_str::<Value>(&truncated).is_err());
    assert!(serde_json::from_slice::<Value>(&whole(answer(FaultKind::Malformed)).body).is_err());

    let error = |fault| serde_json::from_slice::<Value>(&whole(answer(fault)).body).unwrap();
    assert_eq!(error(FaultKind::ApiError("APP_TOKEN_EXPIRED".into()))["code"], "APP_TOKEN_EXPIRED");
    assert_eq!(error(FaultKind::ApiError("MADE_UP".into()))["objectType"], "KalturaAPIException");
    let blocked = error(FaultKind::ActionBlocked);
    assert_eq!(blocked["message"], "Action \"add\" in service \"apptoken\" is blocked");
}

#[test]
fn a_delay_comes_before_the_reply() {
    let fake = fake();
    fake.inject(Fault::on("system.ping", FaultKind::Delay(Duration::from_secs(7))).nth(1));
    assert_eq!(deliver(&fake, "system.ping", &json!({})).delay, Duration::from_secs(7));
    assert_eq!(deliver(&fake, "system.ping", &json!({})).delay, Duration::ZERO);
}

#[test]
fn a_fault_with_nth_applies_to_that_call_only() {
    let fake = fake();
    fake.inject(Fault::on("system.ping", FaultKind::Status(500)).nth(3));
    let statuses: Vec<u16> = (0..5)
        .map(|_| {
            let _ = call(&fake, "system.getTime", json!({}));
            reply(&fake, "system.ping", &json!({})).status
        })
        .collect();
    assert_eq!(statuses, [200, 200, 500, 200, 200]);
    assert!(fake.faults().is_empty(), "it is done");
}

#[test]
fn the_seed_decides_which_requests_fail() {
    let statuses = |seed| -> Vec<u16> {
        let fake = Fake::builder().seed(seed).build();
        fake.inject(Fault::on_any(FaultKind::Status(503)).probability(0.25));
        (0..200).map(|_| reply(&fake, "system.ping", &json!({})).status).collect()
    };
    assert_eq!(statuses(1), statuses(1));
    assert_ne!(statuses(1), statuses(2));
    let struck = statuses(1).into_iter().filter(|status| *status == 503).count();
    assert!((25..75).contains(&struck), "{struck}");
}

#[test]
fn faults_can_be_removed() {
    let fake = fake();
    let first = fake.inject(Fault::on("system.ping", FaultKind::Status(500)));
    fake.inject(Fault::on("system.getTime", FaultKind::Status(500)));
    assert!(fake.remove_fault(first) && !fake.remove_fault(first));
    assert_eq!(reply(&fake, "system.ping", &json!({})).status, 200);
    fake.clear_faults();
    assert_eq!(reply(&fake, "system.getTime", &json!({})).status, 200);
}

#[test]
fn an_api_error_can_replace_one_part_of_a_multirequest() {
    let fake = fake();
    fake.inject(Fault::on("system.getTime", FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into())));
    let part = |action| json!({ "service": "system", "action": action });
    let reply = call(&fake, "multirequest", json!({ "1": part("ping"), "2": part("getTime"), "3": part("ping") }));
    assert_eq!((&reply[0], code(&reply[1]), &reply[2]), (&json!(true), "INTERNAL_SERVERL_ERROR", &json!(true)));
    assert_eq!(fake.journal().count("system.ping"), 2);
}

#[test]
fn injected_errors_are_not_cached() {
    let fake = fake();
    fake.set_response_cache(true);
    fake.inject(Fault::on("session.startWidgetSession", FaultKind::ActionBlocked).nth(1));
    let start = || call(&fake, "session.startWidgetSession", json!({ "widgetId": "_101" }));
    assert_eq!(code(&start()), "ACTION_BLOCKED");
    assert_eq!(code(&start()), "");
}

fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

fn log_in(fake: &Fake, token: &Token) -> Result<Session, StoppedFlow<Login>> {
    let credential = Credential::new(token.partner, token.id.clone(), token.secret.clone(), token.hash_type);
    let login = Login::new(endpoint(), credential).retry(RetryPolicy::none());
    drive(login.start(fake.clock().now()).unwrap(), fake, fake.clock())
}

#[test]
fn a_login_takes_two_requests() {
    for hash_type in [HashType::Md5, HashType::Sha1, HashType::Sha256, HashType::Sha512] {
        let fake = fake();
        let token = fake.add_token(partner(), TokenSpec::new(hash_type).user("alice"));
        let session = log_in(&fake, &token).unwrap_or_else(|stopped| panic!("{}", stopped.error));
        assert_eq!(session.user_id(), "alice");
        let journal = fake.journal();
        assert_eq!((journal.requests(), journal.count("appToken.startSession")), (2, 1));
    }
}

#[test]
fn each_fault_ends_a_login_with_its_kind_of_error() {
    for (fault_kind, kind) in [
        (FaultKind::Refused, ErrorKind::NotSent),
        (FaultKind::Reset, ErrorKind::NoReply),
        (FaultKind::CutAfter(10), ErrorKind::NoReply),
        (FaultKind::EmptyReply, ErrorKind::EmptyReply),
        (FaultKind::Html(200), ErrorKind::HtmlReply),
        (FaultKind::Html(502), ErrorKind::HttpStatus),
        (FaultKind::Xml, ErrorKind::XmlReply),
        (FaultKind::Null, ErrorKind::NullReply),
        (FaultKind::Truncated, ErrorKind::TruncatedReply),
        (FaultKind::Malformed, ErrorKind::MalformedReply),
        (FaultKind::Redirect { status: 301, location: "https://x.example.org".into() }, ErrorKind::Redirect),
        (FaultKind::Status(429), ErrorKind::HttpStatus),
        (FaultKind::ApiError("APP_TOKEN_EXPIRED".into()), ErrorKind::Kaltura(KalturaCode::AppTokenExpired)),
        (FaultKind::ActionBlocked, ErrorKind::Kaltura(KalturaCode::ActionBlocked)),
    ] {
        let fake = fake();
        let token = token(&fake);
        fake.inject(Fault::on("appToken.startSession", fault_kind.clone()));
        let stopped = log_in(&fake, &token).map(|_| ()).unwrap_err();
        assert_eq!(stopped.error.kind(), kind, "{fault_kind:?}");
    }
}

#[test]
fn waiting_only_moves_the_clock() {
    let fake = fake();
    fake.inject(Fault::on_any(FaultKind::Delay(Duration::from_secs(30))));
    let before = fake.clock().now().elapsed;
    assert!(log_in(&fake, &token(&fake)).is_ok());
    assert_eq!(fake.clock().now().elapsed - before, Duration::from_secs(60));
    fake.clear_faults();
    fake.inject(Fault::on_any(FaultKind::Drip { chunk: 10, pause: Duration::from_secs(1) }).nth(1));
    let before = fake.clock().now().elapsed;
    assert!(log_in(&fake, &token(&fake)).is_ok());
    assert!(fake.clock().now().elapsed - before >= Duration::from_secs(10), "a reply of more than 100 bytes");
}
