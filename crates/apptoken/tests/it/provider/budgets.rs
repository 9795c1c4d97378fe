//! Counts of requests, connections and handshakes.

use std::time::Duration;

use apptoken::store::MemoryStore;
use apptoken::{Builder, UreqTransport};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use super::support::{DAY, HOUR, START, WIDGET, builder, builder_with, credential, token};

#[test]
fn a_login_is_two_requests_and_a_renewal_is_one() {
    let fake = Fake::new();
    let provider = builder_with(&fake, &token(&fake, HOUR)).build();
    provider.session().unwrap();
    assert_eq!((fake.journal().count(WIDGET), fake.journal().count(START), fake.journal().requests()), (1, 1, 2));
    for renewals in 1..20 {
        fake.clock().advance(HOUR);
        provider.session().unwrap();
        assert_eq!((fake.journal().count(WIDGET), fake.journal().requests()), (1, 2 + renewals));
    }
}

#[test]
fn a_widget_session_is_used_until_it_may_have_expired() {
    let fake = Fake::new();
    let provider = builder_with(&fake, &token(&fake, HOUR)).build();
    provider.session().unwrap();
    // One day, less ten minutes in the response cache, less the margin of one minute.
    fake.clock().advance(Duration::from_secs(86_400 - 600 - 60 - 2));
    provider.session().unwrap();
    assert_eq!(fake.journal().count(WIDGET), 1);
    fake.clock().advance(Duration::from_secs(2));
    provider.invalidate(provider.session().unwrap().ks());
    provider.session().unwrap();
    assert_eq!(fake.journal().count(WIDGET), 2);
}

#[test]
fn a_refused_widget_session_is_replaced_by_one_from_no_cache() {
    let fake = Fake::builder().response_cache(true).build();
    let provider = builder(&fake).build();
    let first = provider.session().unwrap();
    fake.inject(Fault::on(START, FaultKind::ApiError("INVALID_APP_TOKEN_HASH".into())).nth(1));
    provider.invalidate(first.ks());
    provider.session().unwrap();
    assert_eq!((fake.journal().count(WIDGET), fake.journal().count(START)), (2, 3));
}

#[test]
fn a_renewal_needs_no_new_connection() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let fake = emulator.fake();
    let transport = UreqTransport::builder().root_certificates(emulator.certificate_pem().unwrap()).build().unwrap();
    let provider = Builder::new(emulator.endpoint().clone())
        .transport(transport)
        .clock(fake.clock())
        .provider(credential(&token(fake, HOUR)))
        .build();
    provider.session().unwrap();
    for renewals in 0..5 {
        let counts = emulator.counts();
        assert_eq!((counts.requests, counts.connections, counts.full_handshakes), (2 + renewals, 1, 1));
        fake.clock().advance(HOUR);
        provider.session().unwrap();
    }
}

#[test]
fn a_cached_session_costs_no_request() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    for _ in 0..1000 {
        provider.session().unwrap();
    }
    assert_eq!(fake.journal().requests(), 2);
}

/// Requests of a process that starts with what an earlier one left in the store.
#[test]
fn a_process_with_a_store_needs_at_most_one_request() {
    let fake = Fake::new();
    let (own, store) = (token(&fake, HOUR), MemoryStore::new());
    let process = || builder_with(&fake, &own).store(store.clone()).build();
    for (waited, requests, what) in [
        (Duration::ZERO, 2, "the first process logs in"),
        (Duration::ZERO, 0, "its session is good"),
        (HOUR, 1, "its session has ended, its widget session has not"),
        (HOUR, 1, "the widget session is handed on by who only renews"),
        (DAY, 2, "both have ended"),
    ] {
        fake.clock().advance(waited);
        let before = fake.journal().requests();
        process().session().unwrap();
        assert_eq!(fake.journal().requests() - before, requests, "{what}");
    }
    assert!(fake.journal().entries().all(|entry| entry.outcome == "ok"));
}

/// Over TLS a request costs a round trip, a new connection one for TCP and one for TLS 1.3.
#[test]
fn a_cold_process_with_an_ended_session_needs_three_round_trips() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let fake = emulator.fake();
    let (own, store) = (token(fake, HOUR), MemoryStore::new());
    let process = || {
        let pem = emulator.certificate_pem().unwrap();
        let transport = UreqTransport::builder().root_certificates(pem).build().unwrap();
        Builder::new(emulator.endpoint().clone())
            .transport(transport)
            .clock(fake.clock())
            .provider(credential(&own))
            .store(store.clone())
            .build()
    };
    process().session().unwrap();
    fake.clock().advance(HOUR);
    let before = emulator.counts();
    process().session().unwrap();
    let after = emulator.counts();
    let spent = (after.requests - before.requests, after.connections - before.connections);
    assert_eq!(spent, (1, 1), "one round trip for TCP, one for TLS, one for the request");
}
