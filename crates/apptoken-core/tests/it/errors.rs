//! Every kind of error, with its text and its advice.

use std::time::Duration;

use apptoken_core::api::user;
use apptoken_core::{
    Batch, Endpoint, ErrorKind, HashType, HttpResponse, KalturaCode, KsFault, RetryPolicy, TransportFailure,
    UnixSeconds, drive,
};

use crate::support::{
    KS, NOW, Script, VirtualClock, WIDGET_KS, api_error, invalid_ks, login, no_reply, not_sent, now, reply, session,
    session_until, widget,
};

type Reply = Result<HttpResponse, TransportFailure>;

/// The second reply of a login, the kind of the error, and words of its text and of its advice.
fn table() -> Vec<(Reply, ErrorKind, &'static str, &'static str)> {
    let kaltura = ErrorKind::Kaltura;
    vec![
        (not_sent(), ErrorKind::NotSent, "could not be sent", "network"),
        (no_reply(), ErrorKind::NoReply, "may have executed", "try again"),
        (reply(301, ""), ErrorKind::Redirect, "redirect, status 301", "service URL"),
        (reply(502, "<html>"), ErrorKind::HttpStatus, "HTTP status 502", "try again later"),
        (reply(404, "<html>"), ErrorKind::HttpStatus, "HTTP status 404", "service URL"),
        (reply(200, ""), ErrorKind::EmptyReply, "empty", "try again"),
        (reply(200, "<html>"), ErrorKind::HtmlReply, "web page", "service URL"),
        (reply(200, "<?xml version=\"1.0\"?><xml/>"), ErrorKind::XmlReply, "XML", "format=1"),
        (reply(200, "null"), ErrorKind::NullReply, "null", "Kaltura server"),
        (reply(200, "{\"ks\":\"a"), ErrorKind::TruncatedReply, "ends too early", "try again"),
        (reply(200, "what?"), ErrorKind::MalformedReply, "is not JSON", "Kaltura server"),
        (reply(200, "{} {}"), ErrorKind::UnexpectedReply, "not the result that this action returns", "Kaltura server"),
        (reply(200, session_text() + "x"), ErrorKind::TrailingData, "trailing data after the JSON", "Kaltura server"),
        (
            reply(200, session_text().replace("\"101\"", "\"102\"")),
            ErrorKind::WrongPartner,
            "another account",
            "same account",
        ),
        (reply(200, r#"{"ks":"","sessionType":0}"#), ErrorKind::UnusableKs, "KS", "request id"),
        (
            reply(200, format!("{{\"x\":\"{}\"}}", "y".repeat(9 << 20))),
            ErrorKind::OversizedReply,
            "larger",
            "fewer objects at a time",
        ),
        (session_until(NOW - 1), ErrorKind::AlreadyExpired, "already expired", "sessionDuration"),
        (invalid_ks("LOGOUT"), kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)), "was revoked", "session.end"),
        (
            invalid_ks("EXCEEDED_RESTRICTED_IP"),
            kaltura(KalturaCode::InvalidKs(KsFault::RestrictedIp)),
            "IP address",
            "iprestrict",
        ),
        (
            api_error("APP_TOKEN_ID_NOT_FOUND"),
            kaltura(KalturaCode::AppTokenIdNotFound),
            "does not exist in this account",
            "region",
        ),
        (api_error("APP_TOKEN_NOT_ACTIVE"), kaltura(KalturaCode::AppTokenNotActive), "disabled", "enable"),
        (api_error("APP_TOKEN_EXPIRED"), kaltura(KalturaCode::AppTokenExpired), "expired", "new token"),
        (api_error("SERVICE_FORBIDDEN"), kaltura(KalturaCode::ServiceForbidden), "may not call", "privilege or role"),
        (api_error("SERVICE_FORBIDDEN_CONTENT_BLOCKED"), kaltura(KalturaCode::PartnerBlocked), "blocked", "partner id"),
        (api_error("ACTION_BLOCKED"), kaltura(KalturaCode::ActionBlocked), "too often", "ten seconds"),
        (api_error("INTERNAL_SERVERL_ERROR"), kaltura(KalturaCode::InternalError), "internal problem", "later"),
        (api_error("NEVER_SEEN_BEFORE"), kaltura(KalturaCode::Other), "NEVER_SEEN_BEFORE", "reference"),
    ]
}

fn session_text() -> String {
    String::from_utf8(session().unwrap().body().to_vec()).unwrap()
}

#[test]
fn each_error_says_what_happened_and_what_to_do() {
    for (reply, kind, text, advice) in table() {
        // After LOGOUT the login starts a second widget session, and gets the same error again.
        let again = match kind {
            ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)) => {
                vec![widget(WIDGET_KS), invalid_ks("LOGOUT")]
            }
            _ => vec![],
        };
        let script = Script::new([widget(WIDGET_KS), reply].into_iter().chain(again));
        let stopped = drive(
            login(HashType::Sha256).retry(RetryPolicy::none()).start(now()).unwrap(),
            &script,
            VirtualClock::default(),
        );
        let error = stopped.unwrap_err().error;
        assert_eq!(error.kind(), kind);
        let shown = error.to_string();
        assert!(shown.starts_with("appToken.startSession: ") && shown.contains(text), "{kind:?}: {shown}");
        assert!(error.advice().contains(advice), "{kind:?}: {}", error.advice());
        assert!(!crate::garbage::texts(&error).contains(KS));
    }
}

#[test]
fn the_source_of_an_error_says_where_or_why() {
    let source = |reply: Reply| {
        let script = Script::new([reply]);
        let login = login(HashType::Sha256).retry(RetryPolicy::none()).start(now()).unwrap();
        let error = drive(login, &script, VirtualClock::default()).unwrap_err().error;
        std::error::Error::source(&error).unwrap().to_string()
    };
    assert_eq!(source(reply(200, "{\"ks\":\"ab\", secret")), "syntax error at line 1, column 13");
    assert_eq!(source(reply(200, "{\n\"partnerId\":\"secret\"}")), "data error at line 2, column 20");
    assert_eq!(source(reply(200, "{\"ks\":\"secret")), "unexpected end error at line 1, column 13");
    assert_eq!(source(not_sent()), "connection refused");
}

#[test]
fn an_error_contains_what_the_server_says_besides_the_code() {
    let script = Script::new([api_error("INVALID_WIDGET_ID")]);
    let error =
        drive(login(HashType::Sha256).start(now()).unwrap(), &script, VirtualClock::default()).unwrap_err().error;
    assert_eq!((error.request_id(), error.http_status()), (Some("17"), Some(200)));
    assert_eq!((error.server_time(), error.server_message()), (Some(UnixSeconds(NOW)), Some("m")));
    assert!(error.to_string().starts_with("session.startWidgetSession: the account does not exist"), "{error}");
    assert!(error.advice().contains("region"), "{}", error.advice());
}

#[test]
fn an_action_without_result_in_a_batch_is_an_error() {
    let mut batch = Batch::new(crate::support::endpoint());
    let ticket = batch.push(&user::Get::default()).unwrap();
    let mut results =
        drive(batch.start(now()).unwrap(), Script::new([reply(200, "[]")]), VirtualClock::default()).unwrap();
    let error = results.take(ticket).unwrap_err();
    assert_eq!((error.kind(), error.may_have_acted()), (ErrorKind::MissingResult, false));
    assert!(error.to_string().starts_with("user.get: the reply has no result for this action"), "{error}");
    assert!(error.advice().contains("again"), "{}", error.advice());
}

#[test]
fn an_invalid_setting_is_refused_with_advice() {
    let error = Endpoint::parse("http://www.kaltura.com").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.advice().contains("nothing was sent"));
}

/// A request with an untrusted certificate was once sent three times, with waits in between.
#[test]
fn a_permanent_failure_is_not_repeated() {
    for failure in [TransportFailure::not_sent("expired"), TransportFailure::unknown("expired")] {
        let clock = VirtualClock::default();
        let script = Script::new([Err(failure.permanent().advise("renew the certificate"))]);
        let stopped = drive(login(HashType::Sha256).start(now()).unwrap(), &script, &clock).unwrap_err();
        assert!(!stopped.error.is_transient());
        assert_eq!(stopped.error.advice(), "renew the certificate");
        assert_eq!((script.actions().len(), clock.slept()), (1, Duration::ZERO));
    }
}

#[test]
fn the_alternate_form_contains_all_causes_and_the_advice() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the port is invalid")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let failure = TransportFailure::not_sent(Outer("x".parse::<u16>().unwrap_err())).permanent().advise("fix the port");
    let stopped =
        drive(login(HashType::Sha256).start(now()).unwrap(), Script::new([Err(failure)]), VirtualClock::default())
            .unwrap_err();
    assert_eq!(
        format!("{:#}", stopped.error),
        "session.startWidgetSession: the request could not be sent: the port is invalid: invalid digit found in \
         string; advice: fix the port"
    );
    assert_eq!(stopped.error.to_string(), "session.startWidgetSession: the request could not be sent");
    // A stopped flow is an error with the same text and the same cause.
    assert_eq!(
        (stopped.to_string(), format!("{stopped:#}")),
        (stopped.error.to_string(), format!("{:#}", stopped.error))
    );
    assert_eq!(std::error::Error::source(&stopped).unwrap().to_string(), "the port is invalid");
}
