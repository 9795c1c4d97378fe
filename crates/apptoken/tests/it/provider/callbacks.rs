//! The caller's code that calls the provider again, or panics.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use apptoken::store::MemoryStore;
use apptoken::{
    Builder, Clock, CredentialSource, Error, ErrorKind, Event, FnSource, FnTransport, HashType, Moment, Observer,
    Provider, Session, Transport as _,
};
use apptoken_transport_fake::{Fake, FakeClock, TokenSpec};

use super::support::{DAY, Notes, builder, credential, endpoint, logins, partner, requests_to, token};

/// Longer than anything here takes: a test that hangs fails after it.
const WATCHDOG: Duration = Duration::from_secs(60);

/// The provider under test, for code that is created before it.
type Slot = Arc<OnceLock<Provider>>;

/// Requests the session on another thread, so that a call that waits for itself fails and does not hang.
fn ask(provider: &Provider) -> Result<Arc<Session>, Error> {
    let (sender, receiver) = channel();
    let provider = provider.clone();
    thread::spawn(move || sender.send(provider.session()));
    receiver.recv_timeout(WATCHDOG).expect("the provider waits for itself")
}

fn fill(slot: &Slot, provider: Provider) -> Provider {
    slot.get_or_init(|| provider).clone()
}

type Answers = Arc<Mutex<Vec<Result<Arc<Session>, Error>>>>;

/// An observer that requests a session at each event.
struct Asking {
    provider: Slot,
    answers: Answers,
}

impl Observer for Asking {
    fn observe(&self, _: &Event<'_>) {
        if let Some(provider) = self.provider.get() {
            self.answers.lock().unwrap().push(provider.session());
            self.answers.lock().unwrap().push(provider.session_within(WATCHDOG).map(Option::unwrap));
        }
    }
}

#[test]
fn an_observer_that_calls_back_gets_an_error_or_the_session() {
    let fake = Fake::new();
    let (slot, answers) = (Slot::default(), Answers::default());
    let observer = Asking { provider: Arc::clone(&slot), answers: Arc::clone(&answers) };
    let provider = fill(&slot, builder(&fake).observer(observer).build());
    let first = ask(&provider).unwrap();
    {
        let answers = std::mem::take(&mut *answers.lock().unwrap());
        // At the start there was no session yet, after the renewal there is one.
        let [before, _, after, _] = &answers[..] else { panic!("{answers:?}") };
        let error = before.as_ref().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("observer"), "{error}");
        assert!(after.as_ref().unwrap().ks().is_same(first.ks()));
    }
    fake.clock().advance(Duration::from_secs(23 * 3600));
    let second = ask(&provider).unwrap();
    assert!(!second.ks().is_same(first.ks()));
    // While the old session is valid, it is the answer.
    assert!(answers.lock().unwrap()[0].as_ref().unwrap().ks().is_same(first.ks()));
    assert_eq!(logins(&fake), 2);
}

#[test]
fn a_source_that_calls_back_gets_an_error() {
    let fake = Fake::new();
    let (slot, answers) = (Slot::default(), Answers::default());
    let (own, inner, seen) = (credential(&token(&fake, DAY)), Arc::clone(&slot), Arc::clone(&answers));
    let source = FnSource::new(move || {
        seen.lock().unwrap().push(inner.get().unwrap().session());
        Ok(own.clone())
    });
    let provider = fill(&slot, requests_to(&fake).provider(source).build());
    ask(&provider).unwrap();
    assert_eq!(answers.lock().unwrap()[0].as_ref().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_transport_that_calls_back_gets_an_error_for_any_user() {
    for store in [None, Some(MemoryStore::new())] {
        let fake = Fake::new();
        let open = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
        let (slot, answers) = (Slot::default(), Answers::default());
        let (inner, seen, server) = (Arc::clone(&slot), Arc::clone(&answers), fake.clone());
        let depth = AtomicU64::new(0);
        let transport = FnTransport::new(move |request| {
            if depth.fetch_add(1, Ordering::SeqCst) == 0 {
                let provider = inner.get().unwrap();
                seen.lock().unwrap().push(provider.session());
                // Another identity has its own login, but the same widget session.
                seen.lock().unwrap().push(provider.for_user("bob").session());
            }
            server.send(request)
        });
        let mut builder = Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(credential(&open));
        if let Some(store) = store {
            builder = builder.store(store);
        }
        let provider = fill(&slot, builder.build()).for_user("alice");
        ask(&provider).unwrap();
        let answers = answers.lock().unwrap();
        assert!(answers.len() == 2 && answers.iter().all(Result::is_err), "{answers:?}");
    }
}

/// Two providers that share a store; the transport of one calls the other.
#[test]
fn a_thread_that_enters_a_store_twice_does_not_hang() {
    let fake = Fake::new();
    let own = credential(&token(&fake, DAY));
    let store = MemoryStore::new();
    let inner = requests_to(&fake).provider(own.clone()).store(store.clone()).build();
    let (server, once) = (fake.clone(), AtomicBool::new(false));
    let asked = inner.clone();
    let transport = FnTransport::new(move |request| {
        if !once.swap(true, Ordering::SeqCst) {
            asked.session().unwrap();
        }
        server.send(request)
    });
    let outer = Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(own).store(store).build();
    ask(&outer).unwrap();
}

/// An observer that panics at the first events, and forwards the others.
struct Panicking {
    left: AtomicU64,
    notes: Notes,
}

impl Observer for Panicking {
    fn observe(&self, event: &Event<'_>) {
        self.notes.observe(event);
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "the observer panics");
    }
}

/// An observer that sends each event to the test.
struct Signal<O>(O, Mutex<std::sync::mpsc::Sender<String>>);

impl<O: Observer> Observer for Signal<O> {
    fn observe(&self, event: &Event<'_>) {
        let _ = self.1.lock().unwrap().send(event.to_string());
        self.0.observe(event);
    }
}

fn wait_for(receiver: &Receiver<String>, part: &str) {
    loop {
        let event = receiver.recv_timeout(WATCHDOG).unwrap_or_else(|_| panic!("no event with {part:?}"));
        if event.contains(part) {
            return;
        }
    }
}

#[test]
fn a_refresher_survives_a_panic_and_reports_it() {
    let fake = Fake::new();
    let (sender, receiver) = channel();
    let observer = Panicking { left: AtomicU64::new(2), notes: Notes::default() };
    let provider = builder(&fake).observer(Signal(observer, Mutex::new(sender))).build();
    let refresher = provider.refresher();
    wait_for(&receiver, "panicked");
    wait_for(&receiver, "started, good until");
    refresher.stop();
    assert_eq!(logins(&fake), 1);
}

#[test]
fn a_limited_call_survives_a_panic_of_its_login_thread() {
    let fake = Fake::new();
    let transport = FnTransport::new(|_| panic!("the transport panics"));
    let own = credential(&token(&fake, DAY));
    let provider = Builder::new(endpoint()).transport(transport).provider(own).build();
    let (sender, receiver) = channel();
    let asked = provider.clone();
    thread::spawn(move || sender.send(asked.session_within(Duration::MAX).map(drop)));
    let error = receiver.recv_timeout(WATCHDOG).expect("the call waits for a thread that has ended").unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("panic"), "{error}");
}

/// Regression: 7 of 40 calls waited for their whole limit.
#[test]
fn a_batch_that_starts_the_session_wakes_limited_calls() {
    let fake = Fake::new();
    let open = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let (arrived, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (at_server, away, server) = (Arc::clone(&arrived), Arc::clone(&leave), fake.clone());
    let hangs = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&hangs);
    let transport = FnTransport::new(move |request| {
        if gate.swap(false, Ordering::SeqCst) {
            at_server.wait();
            away.wait();
        }
        server.send(request)
    });
    let provider =
        Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(credential(&open)).build();
    // There is a widget session already, so that only the login of alice hangs.
    provider.for_user("bob").session().unwrap();
    hangs.store(true, Ordering::SeqCst);
    let (sender, receiver) = channel();
    let alice = provider.for_user("alice");
    let limited = alice.clone();
    thread::spawn(move || sender.send(limited.session_within(Duration::MAX).map(|session| session.is_some())));
    arrived.wait();
    let many = provider.start_many(["alice"]);
    assert!(many[0].session.is_ok());
    assert!(receiver.recv_timeout(WATCHDOG).expect("nobody woke the call").unwrap());
    leave.wait();
}

/// The source changes to another account while a widget session of the first is requested.
#[test]
fn a_widget_session_is_never_used_for_another_account() {
    struct Moving(Mutex<Vec<apptoken::Credential>>);
    impl CredentialSource for Moving {
        fn credential(&self) -> Result<apptoken::Credential, Error> {
            let mut credentials = self.0.lock().unwrap();
            Ok(if credentials.len() > 1 { credentials.remove(0) } else { credentials[0].clone() })
        }
    }
    let fake = Fake::new();
    let other_partner = apptoken::PartnerId::new(102).unwrap();
    let open = TokenSpec::new(HashType::Sha256);
    let first = fake.add_token(partner(), open.clone());
    let second = fake.add_token(other_partner, open);
    let second = apptoken::Credential::new(other_partner, second.id, second.secret, HashType::Sha256);
    let (arrived, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (at_server, away, server) = (Arc::clone(&arrived), Arc::clone(&leave), fake.clone());
    let hangs = AtomicBool::new(true);
    let transport = FnTransport::new(move |request| {
        if hangs.swap(false, Ordering::SeqCst) {
            at_server.wait();
            away.wait();
        }
        server.send(request)
    });
    let source = Moving(Mutex::new(vec![credential(&first), second]));
    let provider = Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(source).build();
    let (alice, bob) = (provider.for_user("alice"), provider.for_user("bob"));
    let (of_alice, of_bob) = thread::scope(|scope| {
        let alice = scope.spawn(move || alice.session());
        arrived.wait();
        let bob = scope.spawn(move || bob.session());
        leave.wait();
        (alice.join().unwrap().unwrap(), bob.join().unwrap().unwrap())
    });
    assert_eq!((of_alice.partner().get(), of_bob.partner().get()), (101, 102));
    assert_eq!(fake.journal().entries().filter(|entry| entry.outcome != "ok").count(), 0);
}

/// A clock that asks its provider for a session at one of its readings.
struct AskingClock {
    clock: FakeClock,
    provider: Slot,
    /// How many readings come before.
    left: AtomicI64,
    answers: AtomicU64,
}

impl Clock for AskingClock {
    fn now(&self) -> Moment {
        if let Some(provider) = self.provider.get()
            && self.left.fetch_sub(1, Ordering::SeqCst) == 0
        {
            let _ = provider.session();
            self.answers.fetch_add(1, Ordering::SeqCst);
        }
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration);
    }
}

#[test]
fn a_clock_that_asks_is_read_without_a_lock() {
    let fake = Fake::new();
    let slot = Slot::default();
    let (left, answers) = (AtomicI64::new(-1), AtomicU64::new(0));
    let clock = Arc::new(AskingClock { clock: fake.clock(), provider: Arc::clone(&slot), left, answers });
    let provider =
        fill(&slot, requests_to(&fake).clock(Arc::clone(&clock)).provider(credential(&token(&fake, DAY))).build());
    // Each reading of the clock in a call is the one that asks, in turn, until a call has fewer readings.
    for reading in 0.. {
        fake.clock().advance(DAY);
        clock.left.store(reading, Ordering::SeqCst);
        ask(&provider).unwrap();
        if clock.answers.load(Ordering::SeqCst) <= reading.unsigned_abs() {
            assert!(reading > 5, "a login reads the clock more often: {reading}");
            break;
        }
    }
}
