//! The login of many users, with scripted replies.

use std::num::NonZeroUsize;
use std::time::Duration;

use apptoken_core::api::app_token::SessionOptions;
use apptoken_core::exchange::drive_counted;
use apptoken_core::login::ManySessions;
use apptoken_core::{
    Credential, ErrorKind, HashChoice, HashType, HttpResponse, KalturaCode, Ks, LoginMany, RetryPolicy,
    TransportFailure,
};
use serde_json::{Value, json};

use crate::support::{
    FRESH_KS, KS, NOW, Script, VirtualClock, WIDGET_KS, api_error, credential, endpoint, no_reply, not_sent, now,
    reply, session, widget,
};

fn many(hash: impl Into<HashChoice>, users: &[&str]) -> LoginMany {
    LoginMany::new(endpoint(), Credential { hash: hash.into(), ..credential() }, users.iter().copied())
}

fn run(login: LoginMany, script: &Script) -> (ManySessions, u32) {
    let (result, requests) = drive_counted(login.start(now()).unwrap(), script, VirtualClock::default());
    (result.unwrap(), requests)
}

fn granted(user: &str) -> Value {
    json!({"ks": KS, "sessionType": 0, "partnerId": 101, "userId": user, "expiry": NOW + 3600, "privileges": "list:*"})
}

fn refused(code: &str) -> Value {
    json!({"code": code, "message": "m", "objectType": "KalturaAPIException", "args": []})
}

fn results(results: &[Value]) -> Result<HttpResponse, TransportFailure> {
    reply(200, Value::from(results.to_vec()).to_string())
}

fn kinds(many: &ManySessions) -> Vec<Result<&str, ErrorKind>> {
    many.sessions.iter().map(|session| session.as_ref().map(|s| s.user_id()).map_err(|e| e.kind())).collect()
}

#[test]
fn a_login_takes_one_widget_session_and_one_request_per_batch() {
    let script = Script::new([
        widget(WIDGET_KS),
        results(&[granted("a"), granted("b")]),
        results(&[granted("c"), granted("d")]),
        results(&[granted("e")]),
    ]);
    let login = many(HashType::Sha256, &["a", "b", "c", "d", "e"]).batch_size(NonZeroUsize::new(2).unwrap());
    let (many, requests) = run(login, &script);
    assert_eq!(kinds(&many), ["a", "b", "c", "d", "e"].map(Ok));
    assert_eq!((requests, many.widget.unwrap().ks.expose()), (4, WIDGET_KS));
    assert_eq!((&script.body(1)["ks"], &script.body(1)["2"]["userId"]), (&WIDGET_KS.into(), &"b".into()));
}

#[test]
fn options_apply_to_each_user_except_for_the_user() {
    let script = Script::new([widget(WIDGET_KS), results(&[granted("a"), granted("b")])]);
    let mut options = SessionOptions::default();
    options.user_id = Some("c".into());
    options.lifetime = Some(Duration::from_secs(90));
    let (many, _) = run(many(HashType::Sha256, &["a", "b"]).options(options), &script);
    assert_eq!(kinds(&many), [Ok("a"), Ok("b")]);
    for (action, user) in [("1", "a"), ("2", "b")] {
        let sent = &script.body(1)[action];
        assert_eq!((&sent["userId"], &sent["expiry"]), (&user.into(), &90.into()));
    }
}

/// The server caches the result of each action of a batch as well as the whole reply.
#[test]
fn the_cache_is_bypassed_on_request_and_for_each_user() {
    for bypass in [false, true] {
        let script = Script::new([widget(WIDGET_KS), results(&[granted("a"), granted("b")])]);
        let login = many(HashType::Sha256, &["a", "b"]);
        run(if bypass { login.bypass_cache() } else { login }, &script);
        let sent = script.body(1);
        for object in [&sent, &sent["1"], &sent["2"]] {
            assert_eq!(object.get("nocache").is_some(), bypass, "{object}");
        }
    }
}

#[test]
fn a_given_widget_session_saves_a_request() {
    let script = Script::new([results(&[granted("a")])]);
    let exchange = many(HashType::Sha256, &["a"]).start_with_or_widget(Ks::parse(WIDGET_KS).unwrap(), now()).unwrap();
    let (result, requests) = drive_counted(exchange, &script, VirtualClock::default());
    let many = result.unwrap();
    assert_eq!((kinds(&many), requests, many.widget.is_none()), (vec![Ok("a")], 1, true));
}

#[test]
fn a_refused_hash_is_retried_with_a_new_widget_session() {
    let script = Script::new([
        widget(WIDGET_KS),
        results(&[granted("a"), refused("INVALID_APP_TOKEN_HASH"), refused("USER_BLOCKED")]),
        widget(FRESH_KS),
        results(&[granted("b")]),
    ]);
    let (many, requests) = run(many(HashType::Sha256, &["a", "b", "c"]), &script);
    assert_eq!(kinds(&many), [Ok("a"), Ok("b"), Err(ErrorKind::Kaltura(KalturaCode::UserBlocked))]);
    assert_eq!((requests, many.widget.unwrap().ks.expose()), (4, FRESH_KS));
    assert!(script.body(2).get("nocache").is_some());
}

#[test]
fn a_hash_refused_again_is_not_tried_a_third_time() {
    let wrong = || results(&[refused("INVALID_APP_TOKEN_HASH")]);
    let script = Script::new([widget(WIDGET_KS), wrong(), widget(FRESH_KS), wrong()]);
    let (many, requests) = run(many(HashType::Sha256, &["a"]), &script);
    assert_eq!((kinds(&many), requests), (vec![Err(ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash))], 4));
}

#[test]
fn the_first_user_detects_the_hash_type_for_all() {
    let script = Script::new([
        widget(WIDGET_KS),
        api_error("INVALID_APP_TOKEN_HASH"),
        session(),
        results(&[granted("b"), granted("c")]),
    ]);
    let (many, requests) = run(many(HashChoice::Detect, &["alice", "b", "c"]), &script);
    assert_eq!((kinds(&many), requests), (vec![Ok("alice"), Ok("b"), Ok("c")], 4));
    let hash_types: Vec<HashType> = many.sessions.iter().map(|session| session.as_ref().unwrap().hash_type()).collect();
    assert_eq!(hash_types, [HashType::ALL[1]; 3]);
}

#[test]
fn an_outage_keeps_the_sessions_so_far() {
    let script = Script::new([widget(WIDGET_KS), results(&[granted("a")]), no_reply()]);
    let login = many(HashType::Sha256, &["a", "b", "c"]).batch_size(NonZeroUsize::MIN).retry(RetryPolicy::none());
    let (many, requests) = run(login, &script);
    assert_eq!(kinds(&many), [Ok("a"), Err(ErrorKind::NoReply), Err(ErrorKind::NoReply)]);
    assert_eq!(requests, 3);
}

#[test]
fn an_invalid_user_is_an_error_and_not_sent() {
    let script = Script::new([widget(WIDGET_KS), results(&[granted("b")])]);
    let (mixed, _) = run(many(HashType::Sha256, &["", "b"]), &script);
    assert_eq!(kinds(&mixed), [Err(ErrorKind::InvalidInput), Ok("b")]);
    assert_eq!(many(HashType::Sha256, &[""]).start(now()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(many(HashType::Sha256, &[]).start(now()).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_session_of_another_account_is_an_error() {
    let mut foreign = granted("a");
    foreign["partnerId"] = 102.into();
    let script = Script::new([widget(WIDGET_KS), results(&[foreign, granted("b")])]);
    let (many, _) = run(many(HashType::Sha256, &["a", "b"]), &script);
    assert_eq!(kinds(&many), [Err(ErrorKind::WrongPartner), Ok("b")]);
}

#[test]
fn a_widget_session_of_another_account_fails_all() {
    let foreign = reply(200, json!({ "ks": WIDGET_KS, "partnerId": 102, "userId": 0 }).to_string());
    let (many, requests) = run(many(HashType::Sha256, &["a", "b"]), &Script::new([foreign]));
    assert_eq!((kinds(&many), requests), (vec![Err(ErrorKind::WrongPartner); 2], 1));
}

#[test]
fn a_detection_that_fails_fails_all() {
    let wrong = || api_error("INVALID_APP_TOKEN_HASH");
    let script = Script::new([widget(WIDGET_KS), wrong(), wrong(), wrong(), wrong()]);
    let (many, requests) = run(many(HashChoice::Detect, &["a", "b"]), &script);
    let refused = ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash);
    assert_eq!((kinds(&many), requests), (vec![Err(refused); 2], 5));
}

#[test]
fn a_detection_that_meets_an_outage_fails_all() {
    let script = Script::new([widget(WIDGET_KS), not_sent()]);
    let (many, requests) = run(many(HashChoice::Detect, &["alice", "b"]), &script);
    assert_eq!((kinds(&many), requests), (vec![Err(ErrorKind::NotSent); 2], 2));
}

#[test]
fn a_user_without_result_is_an_error() {
    let script = Script::new([widget(WIDGET_KS), results(&[granted("a")])]);
    let (many, _) = run(many(HashType::Sha256, &["a", "b"]), &script);
    assert_eq!(kinds(&many), [Ok("a"), Err(ErrorKind::MissingResult)]);
}
