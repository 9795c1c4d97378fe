//! Calls that are repeated once, whatever the caller's type of error.

use std::error::Error as StdError;

use apptoken::api::user;
use apptoken::{Clock as _, Error, ErrorKind, KalturaCode, KsFault, LeasedSession, Provider};
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use super::support::{DAY, START, builder, credential, logins, requests_to, token};

/// The error of a program.
#[derive(Debug)]
enum Mine {
    Kaltura(Error),
    Other,
}

impl From<Error> for Mine {
    fn from(error: Error) -> Self {
        Self::Kaltura(error)
    }
}

/// What another HTTP client received.
fn expired() -> Error {
    Error::from_kaltura("INVALID_KS", r#"Invalid KS "EXPIRED", Error "-1,INVALID_STR""#)
}

/// How often the work ran, and how many sessions were started.
fn count<E: From<Error> + 'static>(work: impl Fn(&LeasedSession<'_>) -> Result<(), E>) -> (u32, u64) {
    let fake = Fake::new();
    let (provider, mut runs) = (builder(&fake).build(), 0);
    let _ = provider.with_session(|session| {
        runs += 1;
        work(session)
    });
    (runs, logins(&fake))
}

/// A provider whose clock stands still, as if the wall clock was set back while the machine was suspended.
fn with_stopped_clock(fake: &Fake) -> Provider {
    let stopped = super::rotation::Stopped(fake.clock().now());
    requests_to(fake).clock(stopped).provider(credential(&token(fake, DAY))).build()
}

#[test]
fn a_call_is_repeated_with_a_new_session() {
    let fake = Fake::new();
    let provider = with_stopped_clock(&fake);
    assert_eq!(provider.call(user::Get::default()).unwrap().id, "alice");
    fake.clock().advance(DAY);
    assert_eq!(provider.call(user::Get::default()).unwrap().id, "alice");
    assert_eq!((logins(&fake), fake.journal().count("user.get")), (2, 3));
}

#[test]
fn a_call_in_the_work_reports_its_own_refusal() {
    let fake = Fake::new();
    let provider = with_stopped_clock(&fake);
    provider.session().unwrap();
    fake.clock().advance(DAY);
    let me = provider.with_session(|session| session.call(user::Get::default()).map_err(Mine::from)).unwrap();
    assert_eq!((me.id.as_str(), logins(&fake), fake.journal().count("user.get")), ("alice", 2, 2));
}

#[test]
fn a_refusal_is_found_in_errors_of_this_library_and_boxes() {
    assert_eq!(count(|_| Err(expired())), (2, 2));
    assert_eq!(count(|_| Err(Box::<dyn StdError>::from(expired()))), (2, 2));
    assert_eq!(count(|_| Err(Box::<dyn StdError + Send + Sync>::from(expired()))), (2, 2));
    assert_eq!(count(|_| Err(Box::<dyn StdError>::from(std::fmt::Error))), (1, 1));
}

#[test]
fn a_reported_refusal_repeats_work_with_its_own_error() {
    let reported = |session: &LeasedSession<'_>| {
        session.report(&expired());
        Err(Mine::Other)
    };
    assert_eq!(count(reported), (2, 2));
    assert_eq!(count(|_| Err(Mine::Other)), (1, 1));
    assert_eq!(count(|_| Err(Mine::Kaltura(expired()))), (1, 1));
}

#[test]
fn an_error_of_the_login_is_converted() {
    let fake = Fake::new();
    fake.inject(Fault::on(START, FaultKind::ApiError("APP_TOKEN_EXPIRED".into())));
    let result = builder(&fake).build().with_session(|_| Ok(()));
    assert!(matches!(result, Err(Mine::Kaltura(error)) if error.code() == Some("APP_TOKEN_EXPIRED")));
}

#[test]
fn work_that_succeeded_is_not_repeated() {
    let recovered = |session: &LeasedSession<'_>| -> Result<(), Mine> {
        session.report(&expired());
        Ok(())
    };
    assert_eq!(count(recovered), (1, 1));
}

#[test]
fn a_refusal_that_no_session_fixes_is_not_repeated() {
    let error = || Error::from_kaltura("INVALID_KS", r#"Invalid KS "", Error "-4,INVALID_TYPE""#);
    assert_eq!(error().kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::NotAllowedOnObject)));
    let reported = |session: &LeasedSession<'_>| {
        session.report(&error());
        Err(Mine::Other)
    };
    assert_eq!(count(reported), (1, 1));
}
