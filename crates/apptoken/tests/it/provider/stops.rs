//! A stop ends every wait, although all limits are far away and nobody answers any more.

use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use apptoken::login::renewal::RenewalPolicy;
use apptoken::store::FileStore;
use apptoken::{
    Builder, Clock, Endpoint, Error, ErrorKind, FnTransport, Moment, Provider, RetryPolicy, SystemClock,
    TransportFailure, UreqTransport,
};
use apptoken_transport_fake::Fake;

use super::support::{DAY, HOUR, START, builder, credential, endpoint, logins, partner, requests_to, token};

/// Only a stop can have ended a call within it.
const FOREVER: Duration = Duration::from_secs(600);
/// Longer than a stop takes: a call that goes on fails the test after it.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Runs a call on its own thread. Its result comes over the channel.
fn start<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(call()));
    receiver
}

fn result<T>(call: &Receiver<T>) -> T {
    call.recv_timeout(WATCHDOG).expect("the call goes on after the stop")
}

fn assert_stopped(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::NotSent | ErrorKind::NoReply) && !error.is_transient(), "{error:?}");
    assert!(error.advice().contains("stop"), "{}", error.advice());
}

/// A server that reads requests and never answers.
struct HangingServer {
    endpoint: Endpoint,
    /// Says that a request is there.
    arrived: Receiver<()>,
}

impl HangingServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (arriving, arrived) = mpsc::channel();
        thread::spawn(move || {
            let mut connections = Vec::new();
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                connection.read_exact(&mut [0; 5]).unwrap();
                connections.push(connection);
                let _ = arriving.send(());
            }
        });
        Self { endpoint, arrived }
    }

    fn wait_for_request(&self) {
        self.arrived.recv_timeout(WATCHDOG).expect("no request arrives");
    }
}

fn patient() -> UreqTransport {
    UreqTransport::builder().total_timeout(FOREVER).connect_timeout(FOREVER).build().unwrap()
}

#[test]
fn a_stop_ends_all_calls_of_a_provider_at_a_hanging_server() {
    let server = HangingServer::start();
    let provider = Builder::new(server.endpoint.clone())
        .transport(patient())
        .provider(credential(&token(&Fake::new(), DAY)))
        .build();
    let session = |provider: Provider| start(move || provider.session().unwrap_err());
    let leader = session(provider.clone());
    server.wait_for_request();
    let others: Vec<_> = (0..8).map(|_| session(provider.clone())).collect();
    // It waits for the widget session that the first user's login requested.
    let other_user = session(provider.for_user("bob"));
    let many = provider.clone();
    let many = start(move || many.start_many(["carol"]).pop().unwrap().session.unwrap_err());
    let limited = provider.clone();
    let limited = start(move || limited.session_within(FOREVER).unwrap_err());

    provider.stop();
    for call in others.iter().chain([&leader, &other_user, &many, &limited]) {
        assert_stopped(&result(call));
    }
    assert_stopped(&provider.session().unwrap_err());
}

#[test]
fn a_stop_ends_the_requests_of_clients() {
    let server = HangingServer::start();
    let fake = Fake::new();
    let client = Builder::new(server.endpoint.clone()).transport(patient()).client(credential(&token(&fake, DAY)));
    let admin = fake.admin_session(partner()).unwrap();
    let admin = Builder::new(server.endpoint.clone()).transport(patient()).admin(partner(), admin);
    let (login, audit) = (client.clone(), admin.clone());
    let calls =
        [start(move || login.login().unwrap_err()), start(move || audit.run(audit.audit().unwrap()).unwrap_err())];
    calls.iter().for_each(|_| server.wait_for_request());
    client.stop();
    admin.stop();
    for call in &calls {
        assert_stopped(&result(call));
    }
    assert_stopped(&client.login().unwrap_err());
}

/// The system's clock. Each sleep is announced.
struct AnnouncingClock(SystemClock, Mutex<Sender<()>>);

impl AnnouncingClock {
    fn new() -> (Self, Receiver<()>) {
        let (sender, sleeps) = mpsc::channel();
        (Self(SystemClock::new(), Mutex::new(sender)), sleeps)
    }
}

impl Clock for AnnouncingClock {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        let _ = self.1.lock().unwrap().send(());
        self.0.sleep(duration);
    }
}

/// The system's clock. Each look at it is announced.
struct LookingClock(SystemClock, Mutex<Sender<()>>);

impl LookingClock {
    fn new() -> (Self, Receiver<()>) {
        let (sender, looks) = mpsc::channel();
        (Self(SystemClock::new(), Mutex::new(sender)), looks)
    }
}

impl Clock for LookingClock {
    fn now(&self) -> Moment {
        let _ = self.1.lock().unwrap().send(());
        self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
}

#[test]
fn a_stop_ends_the_wait_before_a_retry() {
    let retry = RetryPolicy { first_wait: FOREVER, longest_wait: FOREVER, deadline: DAY, ..RetryPolicy::default() };
    let offline = || FnTransport::new(|_| Err(TransportFailure::not_sent("offline")));
    let credential = credential(&token(&Fake::new(), DAY));

    let (clock, sleeps) = AnnouncingClock::new();
    let client = Builder::new(endpoint()).transport(offline()).retry(retry).clock(clock).client(credential.clone());
    let login = client.clone();
    let call = start(move || login.login().unwrap_err());
    sleeps.recv_timeout(WATCHDOG).unwrap();
    client.stop();
    assert_stopped(&result(&call));

    let (clock, sleeps) = AnnouncingClock::new();
    let provider = Builder::new(endpoint()).transport(offline()).retry(retry).clock(clock).provider(credential).build();
    let login = provider.clone();
    let call = start(move || login.session().unwrap_err());
    sleeps.recv_timeout(WATCHDOG).unwrap();
    provider.stop();
    assert_stopped(&result(&call));
}

#[test]
fn a_stop_ends_the_wait_for_the_next_login() {
    let offline = FnTransport::new(|_| Err(TransportFailure::not_sent("offline")));
    let (clock, sleeps) = AnnouncingClock::new();
    let renewal = RenewalPolicy { first_pause: FOREVER, longest_pause: FOREVER, ..RenewalPolicy::default() };
    let builder = Builder::new(endpoint()).transport(offline).clock(clock).retry(RetryPolicy::none());
    let provider = builder.provider(credential(&token(&Fake::new(), DAY))).renewal(renewal).build();
    provider.session().unwrap_err();
    let limited = provider.clone();
    let call = start(move || limited.session_within(DAY).unwrap_err());
    sleeps.recv_timeout(WATCHDOG).unwrap();
    provider.stop();
    assert_stopped(&result(&call));
}

#[test]
fn callers_are_released_even_if_the_transport_cannot_stop() {
    let ((arriving, arrived), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
    let (arriving, released) = (Mutex::new(arriving), Mutex::new(released));
    let transport = FnTransport::new(move |_| {
        arriving.lock().unwrap().send(()).unwrap();
        released.lock().unwrap().recv().unwrap_err();
        Err(TransportFailure::not_sent("offline"))
    });
    let (clock, looks) = LookingClock::new();
    let builder = Builder::new(endpoint()).transport(transport).clock(clock);
    let provider = builder.provider(credential(&token(&Fake::new(), DAY))).build();
    let (leading, waiting) = (provider.clone(), provider.clone());
    let leader = start(move || leading.session().unwrap_err());
    arrived.recv_timeout(WATCHDOG).unwrap();
    looks.try_iter().for_each(drop);
    let waiter = start(move || waiting.session().unwrap_err());
    // The leader does not look at the clock now. The waiter does so for the cached session, before it waits, and again later.
    (0..3).for_each(|_| looks.recv_timeout(WATCHDOG).unwrap());
    provider.stop();
    assert_stopped(&result(&waiter));
    assert!(leader.try_recv().is_err());
    drop(release);
    // Its retries are refused.
    assert_stopped(&result(&leader));
}

#[cfg(unix)]
#[test]
fn a_stop_ends_the_wait_for_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions");
    let fake = Fake::new();
    let token = token(&fake, HOUR);
    let set_up = |requests: Builder| requests.provider(credential(&token)).store(FileStore::new(&path).unwrap());
    set_up(requests_to(&fake)).build().session().unwrap();
    let mut files = path.read_dir().unwrap().map(|file| file.unwrap().path());
    let lock = files.find(|file| file.extension().is_some_and(|kind| kind == "lock")).unwrap();
    // The other process hangs in its renewal.
    let lock = File::open(lock).unwrap();
    lock.lock().unwrap();
    fake.clock().advance(DAY);

    let (started, starts) = mpsc::channel();
    let patient = requests_to(&fake).request_timeout(FOREVER);
    let provider = set_up(patient).observer(Announcing(Mutex::new(started))).build();
    let waiting = provider.clone();
    let call = start(move || waiting.session().unwrap_err());
    starts.recv_timeout(WATCHDOG).unwrap();
    provider.stop();
    assert_stopped(&result(&call));
    assert_eq!(logins(&fake), 1);
}

/// An observer that announces events.
struct Announcing(Mutex<Sender<()>>);

impl apptoken::Observer for Announcing {
    fn observe(&self, _: &apptoken::Event<'_>) {
        let _ = self.0.lock().unwrap().send(());
    }
}

#[test]
fn after_a_stop_a_valid_session_is_returned_but_not_renewed() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let session = provider.session().unwrap();
    let is_session = |result: Result<Arc<apptoken::Session>, Error>| result.unwrap().ks().is_same(session.ks());
    provider.stop();
    assert!(is_session(provider.session()));
    // It is due for renewal.
    fake.clock().advance(23 * HOUR);
    assert!(is_session(provider.session()));
    assert!(is_session(provider.session_within(FOREVER).map(Option::unwrap)));
    fake.clock().advance(HOUR);
    assert_stopped(&provider.session().unwrap_err());
    assert_stopped(&provider.session_within(FOREVER).unwrap_err());
    assert_stopped(&provider.for_user("alice").session().unwrap_err());
    assert_stopped(&provider.start_many(["alice"]).pop().unwrap().session.unwrap_err());
    assert_eq!((logins(&fake), fake.journal().count(START)), (1, 1));
}
