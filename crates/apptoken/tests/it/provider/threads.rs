//! Many threads at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use apptoken::{Builder, ErrorKind, FnTransport, HashType, Provider, RetryPolicy, Session, Transport as _};
use apptoken_transport_fake::{Fake, Fault, FaultKind, Token, TokenSpec};

use super::support::{DAY, WIDGET, builder_with, credential, endpoint, logins, partner, requests_to, token};

const THREADS: usize = 64;

/// Starts all threads at the same moment.
fn on_threads<T: Send>(ask: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            ask()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn all_the_same(sessions: &[Arc<Session>]) -> bool {
    sessions.iter().all(|session| session.ks().is_same(sessions[0].ks()))
}

fn stampedes(fake: &Fake, token: &Token, retry: RetryPolicy) {
    let provider = requests_to(fake).retry(retry).provider(credential(token)).build();
    let ask = || provider.session().unwrap();
    let cold = on_threads(ask);
    assert!(all_the_same(&cold));
    assert_eq!(logins(fake), 1, "cold");
    for round in 0..20 {
        let old = provider.session().unwrap();
        fake.clock().advance(DAY);
        let expired = on_threads(ask);
        assert!(all_the_same(&expired) && !expired[0].ks().is_same(old.ks()));
        assert_eq!(logins(fake), 2 + 2 * round, "expired");
        let invalidated = on_threads(|| {
            provider.invalidate(expired[0].ks());
            provider.session().unwrap()
        });
        assert!(all_the_same(&invalidated) && !invalidated[0].ks().is_same(expired[0].ks()));
        assert_eq!(logins(fake), 3 + 2 * round, "invalidated");
    }
}

#[test]
fn a_stampede_costs_one_login() {
    let fake = Fake::new();
    let token = token(&fake, DAY);
    stampedes(&fake, &token, RetryPolicy::default());
}

#[test]
fn a_stampede_costs_one_login_even_with_faults() {
    for seed in 0..5 {
        let fake = Fake::builder().seed(seed).build();
        let token = token(&fake, DAY);
        fake.inject(Fault::on_any(FaultKind::Reset).probability(0.1));
        fake.inject(Fault::on_any(FaultKind::Status(503)).probability(0.1));
        let patient = RetryPolicy { attempts: 30, deadline: DAY, ..RetryPolicy::default() };
        stampedes(&fake, &token, patient);
    }
}

#[test]
fn a_stampede_during_an_outage_costs_one_attempt_for_all() {
    let fake = Fake::new();
    let provider = requests_to(&fake).retry(RetryPolicy::none()).provider(credential(&token(&fake, DAY))).build();
    fake.inject(Fault::on_any(FaultKind::Refused));
    let errors = on_threads(|| provider.session().unwrap_err());
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::NotSent));
    assert_eq!(fake.journal().requests(), 1);
}

#[test]
fn a_stampede_of_users_costs_one_widget_session() {
    let fake = Fake::new();
    let open = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let server = fake.clone();
    let slow = FnTransport::new(move |request| {
        // The others arrive meanwhile.
        (0..1000).for_each(|_| thread::yield_now());
        server.send(request)
    });
    let provider = Builder::new(endpoint()).transport(slow).clock(fake.clock()).provider(credential(&open)).build();
    let next = AtomicU64::new(0);
    let users = on_threads(|| {
        let user = format!("user{}", next.fetch_add(1, Ordering::SeqCst));
        provider.for_user(&user).session().unwrap().user_id() == user
    });
    assert!(users.into_iter().all(|is_own| is_own));
    assert_eq!((fake.journal().count(WIDGET), logins(&fake)), (1, THREADS as u64));
}

/// A provider whose renewal hangs at the server until the test releases it.
struct Hanging {
    fake: Fake,
    provider: Provider,
    first: Arc<Session>,
    arrived: Arc<Barrier>,
    leave: Arc<Barrier>,
}

impl Hanging {
    fn new(panics: bool) -> Self {
        let fake = Fake::new();
        let (server, own) = (fake.clone(), token(&fake, DAY));
        let hangs = Arc::new(AtomicBool::new(false));
        let (arrived, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (at_server, away, gate) = (Arc::clone(&arrived), Arc::clone(&leave), Arc::clone(&hangs));
        let transport = FnTransport::new(move |request| {
            if gate.swap(false, Ordering::SeqCst) {
                at_server.wait();
                away.wait();
                assert!(!panics, "the transport panics");
            }
            server.send(request)
        });
        let provider =
            Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(credential(&own)).build();
        let first = provider.session().unwrap();
        fake.clock().advance(Duration::from_secs(23 * 3600));
        hangs.store(true, Ordering::SeqCst);
        Self { fake, provider, first, arrived, leave }
    }

    /// Renews on one thread, and requests the session on others meanwhile.
    fn renew(&self) -> thread::Result<Arc<Session>> {
        thread::scope(|scope| {
            let renewing = scope.spawn(|| self.provider.session().unwrap());
            self.arrived.wait();
            let read = on_threads(|| self.provider.session().unwrap());
            assert!(all_the_same(&read) && read[0].ks().is_same(self.first.ks()));
            self.leave.wait();
            renewing.join()
        })
    }
}

#[test]
fn nobody_waits_for_a_renewal_while_the_session_is_valid() {
    let hanging = Hanging::new(false);
    assert!(!hanging.renew().unwrap().ks().is_same(hanging.first.ks()));
    assert_eq!(logins(&hanging.fake), 2);
}

#[test]
fn after_a_panic_the_next_caller_renews() {
    let hanging = Hanging::new(true);
    assert!(hanging.renew().is_err());
    assert!(!hanging.provider.session().unwrap().ks().is_same(hanging.first.ks()));
    assert_eq!(logins(&hanging.fake), 2);
}

#[test]
fn after_leaders_panic_a_waiter_logs_in() {
    let fake = Fake::new();
    let (server, own) = (fake.clone(), token(&fake, DAY));
    let panics = AtomicU64::new(5);
    let transport = FnTransport::new(move |request| {
        let left = panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "the transport panics");
        server.send(request)
    });
    let provider = Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(credential(&own)).build();
    let asked = on_threads(|| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| provider.session().unwrap())));
    let sessions: Vec<_> = asked.into_iter().filter_map(Result::ok).collect();
    assert_eq!(sessions.len(), THREADS - 5);
    assert!(all_the_same(&sessions) && logins(&fake) == 1);
}

#[test]
fn identities_that_start_at_once_share_one_widget_session() {
    let fake = Fake::new();
    let open =
        fake.add_token(super::support::partner(), apptoken_transport_fake::TokenSpec::new(apptoken::HashType::Sha256));
    let provider = builder_with(&fake, &open).build();
    let next = AtomicU64::new(0);
    let users = on_threads(|| {
        let user = format!("user{}", next.fetch_add(1, Ordering::SeqCst));
        provider.for_user(user).session().unwrap().user_id().to_owned()
    });
    assert_eq!(users.len(), THREADS);
    assert_eq!((fake.journal().count(super::support::WIDGET), logins(&fake)), (1, THREADS as u64));
}
