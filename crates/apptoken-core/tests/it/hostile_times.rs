//! Server times that cannot be true.

use std::time::Duration;

use apptoken_core::login::renewal::{LONGEST_DEFAULT_LIFETIME, Outcome, Renewal, RenewalPolicy, Term};
use apptoken_core::{HashType, HttpResponse, Login, Moment, Session, TransportFailure, UnixSeconds, drive};

use crate::support::{KS, NOW, Script, VirtualClock, WIDGET_KS, login, now, widget};

type Header = (&'static str, &'static str);

/// Dates and times that once gave sessions of 56 years, or errors that blamed the token.
const HEADERS: [&[Header]; 8] = [
    &[],
    &[("Date", "Thu, 01 Jan 1970 00:00:00 GMT")],
    &[("Date", "Fri, 31 Dec 9999 23:59:59 GMT")],
    &[("X-Kaltura-Session", "17, 0")],
    &[("X-Kaltura-Session", "17, -9223372036854775808")],
    &[("X-Kaltura-Session", "17, 9223372036854775807")],
    &[("X-Kaltura-Session", "17, 253402300799"), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT")],
    &[("Date", "not a date")],
];

fn session(headers: &[Header], expiry: i64) -> Result<HttpResponse, TransportFailure> {
    let body = format!(
        r#"{{"ks":"{KS}","sessionType":0,"partnerId":101,"userId":"alice","expiry":{expiry},"privileges":"list:*"}}"#
    );
    Ok(HttpResponse::new(200, headers.iter().copied(), body.into_bytes()))
}

fn log_in(login: Login, headers: &[Header], expiry: i64) -> Session {
    let script = Script::new([widget(WIDGET_KS), session(headers, expiry)]);
    drive(login.start(now()).unwrap(), &script, VirtualClock::default()).unwrap()
}

#[test]
fn implausible_server_times_are_not_used() {
    for headers in HEADERS {
        let session = log_in(login(HashType::Sha256), headers, NOW + 3600);
        assert_eq!((session.server_time(), session.lifetime()), (None, Duration::from_secs(3600)), "{headers:?}");
    }
}

#[test]
fn no_reply_gives_a_session_that_is_never_renewed() {
    for headers in HEADERS {
        for expiry in [i64::MAX, i64::MAX - 1, 253_402_300_799, NOW + 31 * 86_400, 0, -1, i64::MIN] {
            let unasked = Term::of(&log_in(login(HashType::Sha256), headers, expiry));
            assert!(unasked.lifetime <= LONGEST_DEFAULT_LIFETIME, "{headers:?} {expiry}");
            let asked = login(HashType::Sha256).lifetime(Duration::from_secs(3600));
            let asked = Term::of(&log_in(asked, headers, expiry));
            assert!(asked.lifetime <= Duration::from_secs(3600), "{headers:?} {expiry}");
            for term in [unasked, asked] {
                let mut renewal = Renewal::new(RenewalPolicy::default());
                renewal.record(Outcome::Renewed(term), now());
                assert!(!renewal.has_valid_session(now().plus(LONGEST_DEFAULT_LIFETIME)), "{headers:?} {expiry}");
            }
        }
    }
}

#[test]
fn without_a_requested_lifetime_thirty_days_are_the_most() {
    let thirty_days = Duration::from_secs(30 * 24 * 3600);
    for (expiry, lifetime) in [(NOW + 3600, Duration::from_secs(3600)), (NOW + 31 * 86_400, thirty_days)] {
        assert_eq!(Term::of(&log_in(login(HashType::Sha256), &[], expiry)).lifetime, lifetime, "{expiry}");
    }
}

/// A machine without a battery for its clock starts in 1970.
#[test]
fn a_login_succeeds_with_our_clock_wrong_by_decades() {
    let start = Moment { wall: UnixSeconds(60), elapsed: Duration::ZERO };
    let headers = [("X-Kaltura-Session", "17, 1795230763")];
    let (first, second) = (widget(WIDGET_KS).unwrap(), session(&headers, NOW + 3600).unwrap());
    let exchange = login(HashType::Sha256).start(start).unwrap();
    let apptoken_core::Step::Send(exchange) = exchange.receive(&first, start).unwrap() else { panic!() };
    let apptoken_core::Step::Done(session) = exchange.receive(&second, start).unwrap() else { panic!() };
    assert_eq!(session.lifetime(), Duration::from_secs(3600));
}
