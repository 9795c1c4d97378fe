//! The login, with scripted replies.

use std::time::Duration;

use apptoken_core::api::app_token::SessionOptions;
use apptoken_core::login::ShortenedLifetime;
use apptoken_core::{
    Error, ErrorKind, HashChoice, HashType, KalturaCode, Ks, Login, Privileges, RetryPolicy, Session, SessionType,
    UnixSeconds, drive,
};

use crate::support::{
    FRESH_KS, KS, NOW, Script, VirtualClock, WIDGET_KS, api_error, invalid_ks, login, no_reply, not_sent, now, reply,
    session, session_until, widget,
};

const WIDGET: &str = "startWidgetSession";
const SESSION: &str = "startSession";

fn run(login: Login, script: &Script) -> Result<Session, Error> {
    Ok(drive(login.start(now())?, script, VirtualClock::default())?)
}

#[test]
fn a_given_ks_that_fits_no_hash_type_is_not_replaced() {
    let refused = || api_error("INVALID_APP_TOKEN_HASH");
    let script = Script::new([refused(), refused(), refused(), refused()]);
    let exchange = login(HashChoice::Detect).start_with_or_widget(Ks::parse(WIDGET_KS).unwrap(), now()).unwrap();
    let error = drive(exchange, &script, VirtualClock::default()).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash));
    assert_eq!(script.actions(), ["startSession"; 4]);
}

#[test]
fn two_requests_make_a_session() {
    let script = Script::new([widget(WIDGET_KS), session()]);
    let session = run(login(HashType::Sha256), &script).unwrap();
    assert_eq!(script.actions(), [WIDGET, SESSION]);
    assert_eq!(session.ks().expose(), KS);
    assert_eq!((session.partner().get(), session.user_id(), session.session_type()), (101, "alice", SessionType::User));
    assert_eq!((session.expires_at(), session.lifetime()), (UnixSeconds(NOW + 3600), Duration::from_secs(3600)));
    assert!(session.privileges().values("list").unwrap().eq(["*"]));
    assert_eq!(session.hash_type(), HashType::Sha256);
    assert!(session.changes().is_empty() && session.requested_lifetime().is_none());
    assert_eq!(session.widget().unwrap().ks.expose(), WIDGET_KS);
    assert_eq!((&script.body(0)["widgetId"], script.body(0).get("nocache")), (&"_101".into(), None));
    assert_eq!(script.body(1)["ks"], WIDGET_KS);
    for absent in ["userId", "type", "expiry", "sessionPrivileges", "nocache"] {
        assert_eq!(script.body(1).get(absent), None, "{absent}");
    }
}

/// Only the second request: the server's cached widget session is as good as a new one.
#[test]
fn the_cache_is_bypassed_on_request() {
    let script = Script::new([widget(WIDGET_KS), session()]);
    run(login(HashType::Sha256).bypass_cache(), &script).unwrap();
    assert_eq!([0, 1].map(|request| script.body(request).get("nocache").is_some()), [false, true]);
}

#[test]
fn requested_options_are_sent_with_kalturas_names() {
    let script = Script::new([widget(WIDGET_KS), session()]);
    let login = login(HashType::Md5)
        .user("bob")
        .session_type(SessionType::Admin)
        .lifetime(Duration::from_millis(90_700))
        .privileges(Privileges::parse("appid:x,edit:1"))
        .token_may_override();
    run(login, &script).unwrap();
    let body = script.body(1);
    assert_eq!((&body["userId"], &body["type"], &body["expiry"]), (&"bob".into(), &2.into(), &90.into()));
    assert_eq!(body["sessionPrivileges"], "appid:x,edit:1");
}

#[test]
fn options_replace_all_options_set_before() {
    let script = Script::new([widget(WIDGET_KS), session()]);
    let mut options = SessionOptions::default();
    options.lifetime = Some(Duration::from_secs(90));
    run(login(HashType::Sha256).user("bob").options(options), &script).unwrap();
    assert_eq!((script.body(1).get("userId"), &script.body(1)["expiry"]), (None, &90.into()));
}

#[test]
fn changes_by_the_server_are_reported() {
    let script = Script::new([widget(WIDGET_KS), session()]);
    let requested = login(HashType::Sha256)
        .user("bob")
        .session_type(SessionType::Admin)
        .lifetime(Duration::from_secs(7200))
        .privileges(Privileges::parse("list:*,edit:1,appid:x"))
        .token_may_override();
    let session = run(requested, &script).unwrap();
    let changes = session.changes();
    assert!(!changes.is_empty());
    assert_eq!(session.requested_lifetime(), Some(Duration::from_secs(7200)));
    assert_eq!(
        changes.shortened,
        Some(ShortenedLifetime { requested: Duration::from_secs(7200), granted: Duration::from_secs(3600) })
    );
    assert_eq!((changes.requested_user.as_deref(), changes.requested_type), (Some("bob"), Some(SessionType::Admin)));
    assert_eq!(changes.dropped_privileges.to_string(), "edit:1,appid:x");
}

/// Over a connection that was shared after a fork a process got another user's session.
#[test]
fn a_session_that_was_not_asked_for_is_an_error() {
    type Ask = fn(Login) -> Login;
    let asks: [(Ask, &str); 3] = [
        (|login| login.user("bob"), "another user"),
        (|login| login.session_type(SessionType::Admin), "another type"),
        (|login| login.user("alice").session_type(SessionType::Admin), "another type"),
    ];
    for (ask, what) in asks {
        let script = Script::new([widget(WIDGET_KS), session()]);
        let error = run(ask(login(HashType::Sha256)), &script).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongSession);
        assert!(error.to_string().contains(what) && error.advice().contains("token_may_override"), "{error}");
        let script = Script::new([widget(WIDGET_KS), session()]);
        assert!(run(ask(login(HashType::Sha256)).token_may_override(), &script).is_ok());
    }
}

#[test]
fn a_session_of_another_app_token_is_an_error() {
    for (privileges, is_ours) in [
        ("sessionid:0_jgc81x8q,apptoken:0_jgc81x8q", true),
        ("sessionid:0_JGC81X8Q,apptoken:0_JGC81X8Q", true),
        ("apptoken:x/0_jgc81x8q", true),
        ("list:*", true),
        ("sessionid:0_aaaaaaaa,apptoken:0_aaaaaaaa", false),
        ("apptoken:0_jgc81x8", false),
    ] {
        let body = format!(
            r#"{{"ks":"{KS}","sessionType":0,"partnerId":101,"userId":"alice","expiry":{},"privileges":"{privileges}"}}"#,
            NOW + 3600
        );
        let script = Script::new([widget(WIDGET_KS), reply(200, body)]);
        // Not even a caller that accepts any user accepts another token's session.
        let result = run(login(HashType::Sha256).token_may_override(), &script);
        assert_eq!(
            result.map_err(|error| error.kind()).err(),
            (!is_ours).then_some(ErrorKind::WrongSession),
            "{privileges}"
        );
    }
}

#[test]
fn a_lifetime_up_to_five_seconds_shorter_is_not_reported() {
    for (granted, shortened) in [(3600, false), (3595, false), (3594, true)] {
        let script = Script::new([widget(WIDGET_KS), session_until(NOW + granted)]);
        let session = run(login(HashType::Sha256).lifetime(Duration::from_secs(3600)), &script).unwrap();
        assert_eq!(session.changes().shortened.is_some(), shortened, "{granted}");
    }
}

#[test]
fn an_already_expired_session_is_an_error() {
    for expiry in [NOW, NOW - 60, 0] {
        let error = run(login(HashType::Sha256), &Script::new([widget(WIDGET_KS), session_until(expiry)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExpired);
        assert!(error.advice().contains("sessionDuration"));
    }
}

#[test]
fn options_that_the_server_would_misread_are_refused() {
    for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(NOW as u64)] {
        let error = login(HashType::Sha256).lifetime(lifetime).start(now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{lifetime:?}");
    }
    for user in ["", "a\nb"] {
        assert_eq!(login(HashType::Sha256).user(user).start(now()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_refused_hash_or_ks_is_retried_with_an_uncached_session() {
    for refusal in [api_error("INVALID_APP_TOKEN_HASH"), invalid_ks("EXPIRED"), invalid_ks("djJ8MTAxfEOcbB43")] {
        let script = Script::new([widget(WIDGET_KS), refusal, widget(FRESH_KS), session()]);
        let session = run(login(HashType::Sha256), &script).unwrap();
        assert_eq!(script.actions(), [WIDGET, SESSION, WIDGET, SESSION]);
        assert!(script.body(2).get("nocache").is_some() && script.body(3).get("nocache").is_some());
        assert_eq!(script.body(3)["ks"], FRESH_KS);
        assert_ne!(script.body(1)["tokenHash"], script.body(3)["tokenHash"]);
        assert!(session.widget().unwrap().fresh);
    }
}

#[test]
fn the_second_refusal_is_final_and_says_what_to_check() {
    let refused = || api_error("INVALID_APP_TOKEN_HASH");
    let script = Script::new([widget(WIDGET_KS), refused(), widget(FRESH_KS), refused()]);
    let error = run(login(HashType::Sha512), &script).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash));
    assert!(error.advice().contains("hashType is SHA512"), "{}", error.advice());
}

#[test]
fn other_refusals_are_final_at_once() {
    for code in
        ["APP_TOKEN_EXPIRED", "APP_TOKEN_NOT_ACTIVE", "APP_TOKEN_ID_NOT_FOUND", "SERVICE_FORBIDDEN", "SOMETHING_NEW"]
    {
        let script = Script::new([widget(WIDGET_KS), api_error(code)]);
        assert_eq!(run(login(HashType::Sha256), &script).unwrap_err().code(), Some(code));
    }
    for reason in ["EXCEEDED_RESTRICTED_IP", "EXCEEDED_RESTRICTED_URI", "INVALID_PARTNER"] {
        run(login(HashType::Sha256), &Script::new([widget(WIDGET_KS), invalid_ks(reason)])).unwrap_err();
    }
    let script = Script::new([api_error("INVALID_WIDGET_ID")]);
    assert_eq!(run(login(HashType::Sha256), &script).unwrap_err().code(), Some("INVALID_WIDGET_ID"));
}

#[test]
fn a_login_with_a_ks_never_starts_a_widget_session() {
    let ks = || Ks::parse(KS).unwrap();
    let script = Script::new([session()]);
    let session =
        drive(login(HashType::Sha256).start_with(ks(), now()).unwrap(), &script, VirtualClock::default()).unwrap();
    assert_eq!(script.actions(), [SESSION]);
    assert!(session.widget().is_none());

    let script = Script::new([invalid_ks("EXPIRED")]);
    drive(login(HashType::Sha256).start_with(ks(), now()).unwrap(), &script, VirtualClock::default()).unwrap_err();
    assert_eq!(script.actions(), [SESSION]);
}

#[test]
fn a_login_with_a_ks_or_widget_falls_back_to_a_widget() {
    let script = Script::new([invalid_ks("EXPIRED"), widget(FRESH_KS), session()]);
    let exchange = login(HashType::Sha256).start_with_or_widget(Ks::parse(KS).unwrap(), now()).unwrap();
    drive(exchange, &script, VirtualClock::default()).unwrap();
    assert_eq!(script.actions(), [SESSION, WIDGET, SESSION]);
    assert!(script.body(1).get("nocache").is_some());
}

#[test]
fn detection_tries_each_hash_type_with_one_widget_session() {
    let refused = || api_error("INVALID_APP_TOKEN_HASH");
    for (position, hash_type) in HashType::ALL.into_iter().enumerate() {
        let replies = [widget(WIDGET_KS)].into_iter().chain((0..position).map(|_| refused())).chain([session()]);
        let script = Script::new(replies);
        let found = run(login(HashChoice::Detect), &script).unwrap();
        assert_eq!(found.hash_type(), hash_type);
        assert_eq!(script.actions().len(), position + 2);
        assert!(script.body(0).get("nocache").is_some());
    }
}

#[test]
fn detection_continues_only_after_a_refused_hash() {
    let refused = || api_error("INVALID_APP_TOKEN_HASH");
    let script = Script::new([widget(WIDGET_KS), refused(), refused(), refused(), refused()]);
    let error = run(login(HashChoice::Detect), &script).unwrap_err();
    assert_eq!(script.actions().len(), 5);
    assert!(error.advice().contains("with any hash type"), "{}", error.advice());

    for stop in [api_error("APP_TOKEN_EXPIRED"), invalid_ks("EXPIRED"), reply(503, ""), no_reply(), reply(200, "")] {
        let script = Script::new([widget(WIDGET_KS), refused(), stop]);
        run(login(HashChoice::Detect), &script).unwrap_err();
        assert_eq!(script.actions().len(), 3);
    }
}

#[test]
fn transient_failures_are_repeated_with_waits() {
    for failure in [
        not_sent,
        no_reply,
        || reply(200, ""),
        || reply(503, "<html>"),
        || reply(429, ""),
        || api_error("ACTION_BLOCKED"),
        || reply(200, "{\"ks\":\"ab"),
    ] {
        let script = Script::new([failure(), widget(WIDGET_KS), failure(), failure(), session()]);
        let clock = VirtualClock::default();
        drive(login(HashType::Sha256).start(now()).unwrap(), &script, &clock).unwrap();
        assert_eq!(script.actions(), [WIDGET, WIDGET, SESSION, SESSION, SESSION]);
        assert!(
            clock.slept() >= Duration::from_secs(2) && clock.slept() <= Duration::from_secs(4),
            "{:?}",
            clock.slept()
        );
    }
}

#[test]
fn attempts_and_deadline_end_repetition() {
    let script = Script::new([not_sent(), not_sent(), not_sent()]);
    assert_eq!(run(login(HashType::Sha256), &script).unwrap_err().kind(), ErrorKind::NotSent);

    let script = Script::new([not_sent()]);
    run(login(HashType::Sha256).retry(RetryPolicy::none()), &script).unwrap_err();

    let impatient = RetryPolicy { attempts: 100, deadline: Duration::from_secs(3), ..RetryPolicy::default() };
    let clock = VirtualClock::default();
    let script = Script::new(std::iter::repeat_with(not_sent).take(100));
    drive(login(HashType::Sha256).retry(impatient).start(now()).unwrap(), &script, &clock).unwrap_err();
    assert!(clock.slept() <= Duration::from_secs(3));
}

#[test]
fn permanent_failures_are_not_repeated() {
    for failure in [
        reply(200, "<html>"),
        reply(302, ""),
        reply(404, ""),
        reply(200, "null"),
        reply(200, "{}"),
        reply(200, "<?xml version=\"1.0\"?>"),
    ] {
        let script = Script::new([failure]);
        run(login(HashType::Sha256), &script).unwrap_err();
        assert_eq!(script.actions(), [WIDGET]);
    }
}

#[test]
fn a_session_of_another_account_is_refused() {
    let other = reply(200, format!(r#"{{"partnerId":102,"ks":"{WIDGET_KS}","userId":0}}"#));
    assert_eq!(run(login(HashType::Sha256), &Script::new([other])).unwrap_err().kind(), ErrorKind::WrongPartner);
    let other = reply(
        200,
        format!(
            r#"{{"ks":"{KS}","sessionType":0,"partnerId":"102","userId":"","expiry":{},"privileges":""}}"#,
            NOW + 60
        ),
    );
    assert_eq!(
        run(login(HashType::Sha256), &Script::new([widget(WIDGET_KS), other])).unwrap_err().kind(),
        ErrorKind::WrongPartner
    );
}
