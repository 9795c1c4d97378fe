use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use apptoken::api::session;
use apptoken::login::renewal::RenewalPolicy;
use apptoken::store::{FileStore, MemoryStore};
use apptoken::{
    Admin, AppTokenId, AppTokenSecret, Builder, Credential, Endpoint, Error, FnTransport, HashType, HttpRequest,
    HttpResponse, Provider, ProviderBuilder, Transport, TransportFailure,
};
use apptoken_transport_fake::{Fake, TokenSpec};

use crate::child::{WATCHDOG, assert_succeeded, ended, run_child, start_child};
use crate::server::{self, Server, partner};

/// The forks and the logins in each child. With 100 and 30 there is no wrong user either.
const FORKS: u32 = 20;
const LOGINS: u32 = 10;
/// How many children run at the same time.
const CHILDREN: usize = 10;

pub(crate) fn main() {
    // Tools that ask for a list of the tests find none here.
    if server::run_if_wanted() || std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let tests: &[(&str, fn())] = &[
        ("every_process_gets_the_sessions_of_its_users_over_http", || log_in_beside_children("http")),
        ("every_process_gets_the_sessions_of_its_users_over_tls", || log_in_beside_children("https")),
        ("a_child_waits_for_no_login_of_its_parent", log_in_beside_a_login),
        ("a_child_gets_the_login_of_its_parent_from_a_store", share_a_store),
        ("a_child_has_no_refresher_and_can_drop_its_handle", drop_a_refresher),
        ("no_lock_stays_locked_in_a_child", fork_beside_busy_threads),
        ("children_renew_later_than_their_parent_and_apart", renew_apart),
        ("a_stop_in_a_child_is_not_one_of_its_parent", stop_in_a_child),
    ];
    for (name, test) in tests {
        test();
        println!("test fork::{name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", tests.len());
}

/// Forks while connections are open, and logs in in all processes at the same time.
fn log_in_beside_children(scheme: &str) {
    let server = Server::start(scheme);
    let transport = server.transport();
    let provider = server.provider(transport.clone());
    let admin = Builder::new(server.endpoint.clone()).transport(transport).admin(partner(), server.admin.clone());
    let mut users = (1..).map(|number| format!("parent-{number}"));
    let (mut wrong_in_parent, mut wrong_in_children, mut children) = (0, 0, Vec::new());
    let mut log_in = || wrong_in_parent += i32::from(!is_right(&provider, &admin, &users.next().unwrap()));
    log_in();
    for child in 1..=FORKS {
        children.push(start_child(|| {
            let users = (0..LOGINS).map(|number| format!("child-{child}-{number}"));
            users.filter(|user| !is_right(&provider, &admin, user)).count().try_into().unwrap()
        }));
        while children.len() >= CHILDREN || (child == FORKS && !children.is_empty()) {
            log_in();
            children.retain(|child| match ended(*child) {
                Some(wrong) => {
                    wrong_in_children += wrong;
                    false
                }
                None => true,
            });
        }
    }
    assert_eq!((wrong_in_parent, wrong_in_children), (0, 0), "wrong sessions, in the parent and in its children");
}

/// Logs in, asks the server too whose session it is, and prints what is wrong.
fn is_right(provider: &Provider, admin: &Admin, user: &str) -> bool {
    let log_in = || {
        let session = provider.for_user(user).session()?;
        let about = admin.call(session::Get { session: Some(session.ks().clone()) })?;
        Ok::<_, Error>((session.user_id().to_owned(), about.user_id))
    };
    let result = log_in();
    let is_right = result.as_ref().is_ok_and(|(user_id, of_ks)| user_id == user && of_ks == user);
    if !is_right {
        eprintln!("{user}: {result:?}");
    }
    is_right
}

/// A login of the parent that is at the server, on a thread of its own, until the test lets it go on.
struct LoginUnderWay {
    fake: Fake,
    provider: Provider,
    thread: thread::JoinHandle<()>,
    go_on: Sender<()>,
}

impl LoginUnderWay {
    fn start(set_up: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Self {
        let fake = Fake::new();
        let ((arriving, arrived), (go_on, waits)) = (mpsc::channel(), mpsc::channel());
        let transport = hold_in_this_process(fake.clone(), arriving, waits);
        let provider = set_up(builder(&fake, transport)).build();
        let login = provider.clone();
        let thread = thread::spawn(move || drop(login.session().unwrap()));
        arrived.recv_timeout(WATCHDOG).unwrap();
        Self { fake, provider, thread, go_on }
    }

    fn finish(self) {
        self.go_on.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// A transport that holds the first request in this process, but none in its children.
fn hold_in_this_process(
    fake: Fake,
    arriving: Sender<()>,
    waits: Receiver<()>,
) -> FnTransport<impl Fn(&HttpRequest) -> Result<HttpResponse, TransportFailure>> {
    let (parent, waits) = (process::id(), Mutex::new(Some(waits)));
    FnTransport::new(move |request| {
        if process::id() == parent
            && let Some(waits) = waits.lock().unwrap().take()
        {
            arriving.send(()).unwrap();
            waits.recv().unwrap();
        }
        fake.send(request)
    })
}

fn builder(fake: &Fake, transport: impl Transport + Send + Sync + 'static) -> ProviderBuilder {
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).duration(DAY));
    let credential = Credential::new(partner(), token.id, token.secret, HashType::Sha256);
    Builder::new(endpoint()).transport(transport).clock(fake.clock()).provider(credential)
}

const DAY: Duration = Duration::from_secs(86_400);

fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

fn logins(fake: &Fake) -> u64 {
    fake.journal().count("appToken.startSession")
}

/// Regression: the child waited without end for a leader that exists in its parent only, for the session and for the widget
/// session.
fn log_in_beside_a_login() {
    let under_way = LoginUnderWay::start(|builder| builder);
    run_child(|| {
        let LoginUnderWay { fake, provider, .. } = &under_way;
        let session = provider.session().unwrap();
        assert!(provider.session_within(WATCHDOG).unwrap().unwrap().ks().is_same(session.ks()));
        assert!(provider.for_user("bob").session().is_ok());
        assert_eq!(logins(fake), 2);
    });
    // The parent's thread holds the key of the session in the store, too.
    let with_a_store = LoginUnderWay::start(|builder| builder.store(MemoryStore::new()));
    run_child(|| assert!(with_a_store.provider.session().is_ok()));
    for parent in [under_way, with_a_store] {
        let (fake, provider) = (parent.fake.clone(), parent.provider.clone());
        parent.finish();
        assert!(provider.session().is_ok());
        assert_eq!(logins(&fake), 1);
    }
}

/// The lock of a file belongs to the opening of it, which a child shares. Regression: the lock stayed for as long as a child
/// lived that was forked during a renewal.
fn share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions");
    let under_way = LoginUnderWay::start(|builder| builder.store(FileStore::new(&path).unwrap()));
    let (mut reads, mut writes) = std::io::pipe().unwrap();
    let child = start_child(|| {
        // It waits for the parent's lock, and finds the session of that login.
        assert!(under_way.provider.session().is_ok());
        assert_eq!(logins(&under_way.fake), 0);
        // Until the parent has looked at the lock.
        reads.read_exact(&mut [0]).unwrap();
        0
    });
    under_way.finish();
    let files = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path());
    let lock = files.into_iter().find(|file| file.extension().is_some_and(|kind| kind == "lock")).unwrap();
    // The child may have it for a moment, when it looks for the session.
    let free = || File::open(&lock).unwrap().try_lock().is_ok();
    let begun = std::time::Instant::now();
    while !free() {
        assert!(begun.elapsed() < WATCHDOG, "the lock stays locked");
        thread::yield_now();
    }
    writes.write_all(&[0]).unwrap();
    assert_succeeded(child);
}

/// Regression: the child waited without end for a thread that exists in its parent only.
fn drop_a_refresher() {
    let fake = Fake::new();
    let provider = builder(&fake, fake.clone()).build();
    provider.session().unwrap();
    let mut refresher = Some(provider.refresher());
    run_child(|| {
        drop(refresher.take());
        fake.clock().advance(DAY);
        assert!(provider.session().is_ok());
        assert_eq!(logins(&fake), 2);
        provider.refresher().stop();
    });
    refresher.unwrap().stop();
    assert_eq!(logins(&fake), 1);
}

/// While threads take every lock of a provider and of a store again and again, so that some lock is held at nearly every fork.
fn fork_beside_busy_threads() {
    // It takes no lock itself, in contrast to the fake.
    let transport = FnTransport::new(|request| Ok(scripted(request)));
    let id = AppTokenId::parse("0_abcd1234").unwrap();
    let token = AppTokenSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
    let credential = Credential::new(partner(), id, token, HashType::Sha256);
    let builder = Builder::new(endpoint()).transport(transport).clock(Fake::new().clock());
    let provider = builder.provider(credential).store(MemoryStore::new()).build();
    let stop = Arc::new(AtomicBool::new(false));
    let use_all = |provider: &Provider, user: u32| {
        let of_user = provider.for_user(format!("user-{}", user % 3));
        let session = of_user.session().unwrap();
        of_user.invalidate(session.ks());
        assert_eq!(provider.start_many(["a", "b"]).len(), 2);
    };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (provider, stop) = (provider.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                (0..).take_while(|_| !stop.load(Ordering::Relaxed)).for_each(|number| use_all(&provider, number));
            })
        })
        .collect();
    for _ in 0..100 {
        run_child(|| (0..3).for_each(|number| use_all(&provider, number)));
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// The reply of a server that starts any session.
fn scripted(request: &HttpRequest) -> HttpResponse {
    let now = 1_795_230_763;
    let body = String::from_utf8_lossy(request.body());
    let session = |body: &str| {
        let user = body.split(r#""userId":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let (expiry, privileges) = (now + DAY.as_secs(), "apptoken:0_abcd1234");
        format!(
            r#"{{"ks":"ks","sessionType":0,"partnerId":101,"userId":"{user}","expiry":{expiry},"privileges":"{privileges}"}}"#
        )
    };
    let reply = if request.url().contains("startWidgetSession") {
        r#"{"partnerId":101,"ks":"widget"}"#.to_owned()
    } else if request.url().contains("multirequest") {
        let sessions: Vec<String> = body.split(r#""service""#).skip(1).map(session).collect();
        format!("[{}]", sessions.join(","))
    } else {
        session(&body)
    };
    HttpResponse::new(200, [("X-Kaltura-Session", format!("1, {now}"))], reply.into_bytes())
}

/// Regression: all children of a process renewed its session at the same moment.
fn renew_apart() {
    let fake = Fake::new();
    let renewal = RenewalPolicy { jitter_seed: 7, ..RenewalPolicy::default() };
    let provider = builder(&fake, fake.clone()).renewal(renewal).build();
    provider.session().unwrap();
    let steps_until_renewal = || {
        let step = || {
            fake.clock().advance(Duration::from_secs(10));
            provider.session().unwrap();
            logins(&fake)
        };
        (1_u32..).find(|_| step() > 1).unwrap()
    };
    let children: Vec<u32> = (0..8)
        .map(|_| {
            let (mut reads, mut writes) = std::io::pipe().unwrap();
            run_child(|| writes.write_all(&steps_until_renewal().to_le_bytes()).unwrap());
            let mut steps = [0; 4];
            reads.read_exact(&mut steps).unwrap();
            u32::from_le_bytes(steps)
        })
        .collect();
    let parent = steps_until_renewal();
    assert!(children.iter().all(|child| *child >= parent), "{children:?} before {parent}");
    assert!(children.iter().collect::<BTreeSet<_>>().len() > 1, "all at once: {children:?}");
}

fn stop_in_a_child() {
    let fake = Fake::new();
    let provider = builder(&fake, fake.clone()).build();
    let stop = |provider: &Provider| {
        provider.stop();
        assert!(provider.session().is_err());
    };
    run_child(|| stop(&provider));
    assert!(provider.session().is_ok());
    provider.stop();
    run_child(|| assert!(provider.for_user("bob").session().is_err()));
}
