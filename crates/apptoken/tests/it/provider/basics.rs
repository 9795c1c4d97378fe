//! One thread: caching, renewal, failures, limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken::login::renewal::RenewalPolicy;
use apptoken::{
    Builder, Endpoint, Error, ErrorKind, FnTransport, Ks, Observer, Provider, RetryPolicy, Transport as _,
    TransportFailure,
};
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use super::support::{
    DAY, HOUR, START, WIDGET, builder, builder_with, credential, endpoint, logins, requests_to, token,
};

#[test]
fn a_provider_can_be_shared_and_cloned() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Provider>();
}

#[test]
fn a_failed_renewal_keeps_a_valid_session() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let first = provider.session().unwrap();
    fake.inject(Fault::on_any(FaultKind::Refused));
    fake.clock().advance(23 * HOUR);
    for _ in 0..100 {
        assert!(provider.session().unwrap().ks().is_same(first.ks()));
        fake.clock().advance(Duration::from_secs(10));
    }
    fake.clear_faults();
    fake.clock().advance(Duration::from_secs(30));
    assert!(!provider.session().unwrap().ks().is_same(first.ks()));
}

#[test]
fn a_failed_login_is_tried_again_after_a_pause() {
    let fake = Fake::new();
    let provider = requests_to(&fake).retry(RetryPolicy::none()).provider(credential(&token(&fake, DAY))).build();
    let fault = fake.inject(Fault::on(WIDGET, FaultKind::Refused));
    for _ in 0..20 {
        assert_eq!(provider.session().unwrap_err().kind(), ErrorKind::NotSent);
    }
    assert_eq!(fake.journal().requests(), 1, "nothing is sent in the pause after a failure");
    fake.remove_fault(fault);
    fake.clock().advance(Duration::from_secs(1));
    assert!(provider.session().is_ok());
}

#[test]
fn a_permanently_failed_login_is_tried_again_after_its_pause() {
    let fake = Fake::new();
    let own = token(&fake, DAY);
    let provider = builder_with(&fake, &own).build();
    fake.set_token_status(&own.id, apptoken_transport_fake::TokenStatus::Disabled);
    assert_eq!(provider.session().unwrap_err().code(), Some("APP_TOKEN_NOT_ACTIVE"));
    let requests = fake.journal().requests();
    fake.clock().advance(Duration::from_secs(59));
    assert_eq!(provider.session().unwrap_err().code(), Some("APP_TOKEN_NOT_ACTIVE"));
    assert_eq!(fake.journal().requests(), requests);
    fake.set_token_status(&own.id, apptoken_transport_fake::TokenStatus::Active);
    fake.clock().advance(Duration::from_secs(1));
    assert!(provider.session().is_ok());
}

#[test]
fn invalidating_an_old_ks_does_not_drop_the_new_session() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let old = provider.session().unwrap();
    provider.invalidate(old.ks());
    let new = provider.session().unwrap();
    provider.invalidate(old.ks());
    provider.invalidate(&Ks::parse("another").unwrap());
    assert!(provider.session().unwrap().ks().is_same(new.ks()));
    assert_eq!(logins(&fake), 2);
}

#[test]
fn a_panic_in_the_callers_code_poisons_nothing() {
    struct Panics(AtomicBool);
    impl Observer for Panics {
        fn observe(&self, event: &apptoken::Event<'_>) {
            let begins = matches!(event, apptoken::Event::RenewalStarted { .. });
            assert!(!(begins && self.0.swap(false, Ordering::SeqCst)), "the observer panics");
        }
    }
    let fake = Fake::new();
    let (clock, own, server) = (fake.clock(), token(&fake, HOUR), fake.clone());
    let transport_panics = AtomicBool::new(true);
    let transport = FnTransport::new(move |request| {
        assert!(!transport_panics.swap(false, Ordering::SeqCst), "the transport panics");
        server.send(request)
    });
    let observer = Arc::new(Panics(AtomicBool::new(false)));
    let provider = Builder::new(endpoint())
        .transport(transport)
        .clock(clock.clone())
        .provider(credential(&own))
        .observer(Arc::clone(&observer))
        .build();
    let ask = || catch_unwind(AssertUnwindSafe(|| provider.session()));
    assert!(ask().is_err(), "the transport panicked");
    let first = ask().unwrap().unwrap();
    clock.advance(Duration::from_secs(3000));
    observer.0.store(true, Ordering::SeqCst);
    assert!(ask().is_err(), "the observer panicked");
    assert!(!ask().unwrap().unwrap().ks().is_same(first.ks()), "the next caller renews, although the session is valid");
    let panicking =
        AssertUnwindSafe(|| provider.with_session(|_| -> Result<(), Error> { panic!("the caller panics") }));
    assert!(catch_unwind(panicking).is_err());
    assert!(ask().unwrap().is_ok());
}

#[test]
fn a_limited_call_returns_a_session_in_time_or_none() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let limit = Duration::from_secs(5);
    fake.inject(Fault::on(START, FaultKind::Refused).nth(1));
    let first = provider.session_within(limit).unwrap().expect("one retry fits into the limit");
    assert!(
        provider.session_within(Duration::ZERO).unwrap().unwrap().ks().is_same(first.ks()),
        "a cached session is returned with any limit"
    );
    fake.inject(Fault::on_any(FaultKind::Refused));
    provider.invalidate(first.ks());
    assert!(provider.session_within(Duration::ZERO).unwrap().is_none());
    let error = provider.session_within(Duration::from_secs(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
}

#[test]
fn a_limit_holds_while_the_transport_hangs() {
    let (release, hang) = std::sync::mpsc::channel::<()>();
    let hang = std::sync::Mutex::new(hang);
    let transport = FnTransport::new(move |_| {
        let _ = hang.lock().unwrap().recv();
        Err(TransportFailure::unknown("it hung"))
    });
    let fake = Fake::new();
    let provider = Builder::new(Endpoint::parse("https://a.example").unwrap())
        .transport(transport)
        .retry(RetryPolicy::none())
        .provider(credential(&token(&fake, DAY)))
        .renewal(RenewalPolicy { first_pause: DAY, longest_pause: DAY, ..RenewalPolicy::default() })
        .build();
    assert!(provider.session_within(Duration::from_millis(20)).unwrap().is_none());
    assert!(
        provider.session_within(Duration::from_millis(20)).unwrap().is_none(),
        "the limit also holds for a caller that joins"
    );
    drop(release);
    assert_eq!(provider.session_within(Duration::from_secs(60)).unwrap_err().kind(), ErrorKind::NoReply);
}

#[test]
fn a_limited_call_waits_for_the_end_of_a_pause() {
    let fake = Fake::new();
    let provider = requests_to(&fake).retry(RetryPolicy::none()).provider(credential(&token(&fake, DAY))).build();
    fake.inject(Fault::on(WIDGET, FaultKind::Refused).nth(1));
    assert!(provider.session().is_err());
    fake.inject(Fault::on(WIDGET, FaultKind::Refused).nth(1));
    assert!(provider.session_within(Duration::from_secs(30)).unwrap().is_some());
    assert_eq!(fake.journal().count(WIDGET), 3);
}

#[test]
fn an_expired_new_session_is_refused_and_causes_a_pause() {
    let fake = Fake::new();
    let provider = builder_with(&fake, &token(&fake, Duration::ZERO)).build();
    for _ in 0..600 {
        assert_eq!(provider.session().unwrap_err().kind(), ErrorKind::AlreadyExpired);
        fake.clock().advance(Duration::from_millis(100));
    }
    assert_eq!(logins(&fake), 1, "one login per minute");
}

#[test]
fn short_sessions_are_renewed_at_most_twice_in_a_lifetime() {
    for seconds in [1, 2, 3] {
        let fake = Fake::new();
        let provider = builder_with(&fake, &token(&fake, Duration::from_secs(seconds))).build();
        for _ in 0..600 {
            provider.session().unwrap();
            fake.clock().advance(Duration::from_millis(100));
        }
        assert!(logins(&fake) <= 2 * 60 / seconds, "{seconds} s: {}", logins(&fake));
    }
}
