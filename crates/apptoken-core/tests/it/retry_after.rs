//! What a server asks with `Retry-After`.

use std::time::Duration;

use apptoken_core::api::app_token;
use apptoken_core::{Call, Error, ErrorKind, HashType, HttpResponse, Ks, TransportFailure, drive};

use crate::support::{KS, Script, VirtualClock, WIDGET_KS, endpoint, login, now, session, widget};

fn busy(status: u16, headers: &[(&'static str, &'static str)]) -> Result<HttpResponse, TransportFailure> {
    Ok(HttpResponse::new(status, headers.iter().copied(), b"<html>busy</html>".to_vec()))
}

/// Logs in where the first reply asks to wait, and returns how long the login slept.
fn wait_of_a_login(status: u16, headers: &[(&'static str, &'static str)]) -> Result<Duration, Error> {
    let script = Script::new([busy(status, headers), widget(WIDGET_KS), session()]);
    let clock = VirtualClock::default();
    drive(login(HashType::Sha256).start(now()).unwrap(), &script, &clock)?;
    Ok(clock.slept())
}

const DATE: (&str, &str) = ("Date", "Thu, 26 Nov 2026 05:00:00 GMT");

#[test]
fn a_repetition_waits_as_long_as_the_server_asks() {
    for status in [429, 503] {
        for (value, seconds) in [
            ("7", 7),
            (" 42 ", 42),
            ("Thu, 26 Nov 2026 05:00:21 GMT", 21),
            // Less than the backoff, in the past, or not to be read: the backoff alone counts.
            ("0", 0),
            ("Thu, 26 Nov 2026 04:00:00 GMT", 0),
            ("-7", 0),
            ("soon", 0),
            ("99999999999999999999999", 0),
        ] {
            let waited = wait_of_a_login(status, &[DATE, ("Retry-After", value)]).unwrap();
            let at_least = Duration::from_secs(seconds);
            let backoff = Duration::from_millis(500)..=Duration::from_secs(1);
            assert!(waited == at_least || (seconds == 0 && backoff.contains(&waited)), "{status} {value}: {waited:?}");
        }
    }
}

#[test]
fn a_date_without_the_servers_date_is_not_used() {
    let waited = wait_of_a_login(503, &[("Retry-After", "Thu, 26 Nov 2026 05:00:21 GMT")]).unwrap();
    assert!(waited <= Duration::from_secs(1));
}

#[test]
fn other_statuses_do_not_ask_to_wait() {
    assert!(wait_of_a_login(502, &[("Retry-After", "7")]).unwrap() <= Duration::from_secs(1));
}

#[test]
fn a_wait_beyond_the_deadline_is_an_error_with_the_time() {
    for value in ["61", "86400", "18446744073709551615"] {
        let error = wait_of_a_login(429, &[("Retry-After", value)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HttpStatus);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(value.parse().unwrap())));
        assert!(error.to_string().contains("try again after"), "{error}");
    }
}

#[test]
fn an_action_that_must_not_repeat_gets_the_error() {
    let script = Script::new([busy(503, &[("Retry-After", "7")])]);
    let add = app_token::Add { app_token: app_token::NewAppToken::default() };
    let call = Call::new(endpoint(), add).with_ks(Ks::parse(KS).unwrap()).start(now()).unwrap();
    let error = Error::from(drive(call, &script, VirtualClock::default()).unwrap_err());
    assert_eq!((error.retry_after(), script.actions().len()), (Some(Duration::from_secs(7)), 1));
}
