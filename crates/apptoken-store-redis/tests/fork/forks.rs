use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use apptoken::store::{MemoryStore, SessionStore as _, StoreErrorKind, StoredSession};
use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::{Fake, Token};

use crate::child::{WATCHDOG, assert_succeeded, run_child, start_child};
use crate::servers::{RedisServer, has_redis};
use crate::support::{AMPLE, Failures, key, logins, provider, provider_with, store, token};

pub(crate) fn main() {
    // Tools that ask for a list of the tests find none here.
    if std::env::args().any(|argument| argument == "--list") || !has_redis() {
        return;
    }
    let tests: &[(&str, fn())] = &[
        ("a_child_has_a_connection_of_its_own", use_own_connections),
        ("a_child_waits_for_a_renewal_of_its_parent", wait_for_the_parent),
        ("a_child_that_renews_is_not_disturbed_by_its_parent", renew_beside_the_parent),
        ("no_lock_stays_locked_in_a_child", fork_beside_busy_threads),
    ];
    for (name, test) in tests {
        test();
        println!("test fork::{name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", tests.len());
}

/// Sessions of users with a provider of its own, as another process would have it. An answer to another process would not open.
fn log_in(fake: &Fake, token: &Token, store: &RedisStore, of: &str) {
    let failures = Failures::default();
    let provider = provider_with(fake, token, store.clone()).observer(failures.clone()).build();
    for number in 0..10 {
        let user = format!("{of}-{number}");
        assert_eq!(provider.for_user(&user).session().unwrap().user_id(), user);
    }
    assert_eq!(failures.take(), Vec::<String>::new());
}

fn use_own_connections() {
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    log_in(&fake, &token, &store, "shared");
    run_child(|| {
        let before = logins(&fake);
        log_in(&fake, &token, &store, "shared");
        assert_eq!(logins(&fake), before, "the parent's sessions are found");
        // The parent's, this one's, and the one that asks.
        assert_eq!(server.text(&["CLIENT", "LIST"]).lines().count(), 3);
    });
    let children: Vec<_> = (0..10)
        .map(|child| {
            start_child(|| {
                log_in(&fake, &token, &store, &format!("child-{child}"));
                0
            })
        })
        .collect();
    log_in(&fake, &token, &store, "parent");
    children.into_iter().for_each(assert_succeeded);
    assert_eq!(server.keys().len(), 12 * 10);
}

/// A record that a login stores.
fn record(fake: &Fake, token: &Token) -> StoredSession {
    let memory = MemoryStore::new();
    provider(fake, token, memory.clone()).session().unwrap();
    memory.load(&key(token)).unwrap().unwrap()
}

/// The lock is in Redis, so the child waits for it as another machine would, and not for a thread that it does not have.
fn wait_for_the_parent() {
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let (key, session) = (key(&token), record(&fake, &token));
    let ((arriving, arrived), (go_on, waits)) = (mpsc::channel(), mpsc::channel());
    let renewal = thread::spawn({
        let (store, key, session) = (store.clone(), key.clone(), session.clone());
        move || {
            store.renew_exclusively(&key, AMPLE, &mut |_| {
                arriving.send(()).unwrap();
                waits.recv().unwrap();
                Some(session.clone())
            })
        }
    });
    arrived.recv_timeout(WATCHDOG).unwrap();
    let (mut reads, mut writes) = std::io::pipe().unwrap();
    let child = start_child(|| {
        let refused = store.renew_exclusively(&key, Duration::ZERO, &mut |_| panic!("the parent holds the lock"));
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Locked);
        writes.write_all(&[0]).unwrap();
        store
            .renew_exclusively(&key, AMPLE, &mut |stored| {
                assert!(stored.is_some());
                None
            })
            .unwrap();
        assert_eq!(store.load(&key).unwrap().unwrap().expose(), session.expose());
        0
    });
    reads.read_exact(&mut [0]).unwrap();
    go_on.send(()).unwrap();
    renewal.join().unwrap().unwrap();
    assert_succeeded(child);
}

/// The end of the parent's value, or of the child's, releases no lock of the other.
fn renew_beside_the_parent() {
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let (key, session) = (key(&token), record(&fake, &token));
    store
        .renew_exclusively(&key, AMPLE, &mut |_| {
            run_child(|| {
                let refused = store.renew_exclusively(&key, Duration::ZERO, &mut |_| None);
                assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Locked);
                drop(store.clone());
            });
            Some(session.clone())
        })
        .unwrap();
    assert_eq!(store.load(&key).unwrap().unwrap().expose(), session.expose());
    assert_eq!(server.keys().len(), 1, "no lock is left");
}

/// Some lock is held at nearly every fork.
fn fork_beside_busy_threads() {
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let (key, session) = (key(&token), record(&fake, &token));
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (store, key, session, stop) = (store.clone(), key.clone(), session.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    store.load(&key).unwrap();
                    store.renew_exclusively(&key, AMPLE, &mut |_| Some(session.clone())).unwrap();
                }
            })
        })
        .collect();
    for _ in 0..30 {
        run_child(|| {
            store.load(&key).unwrap();
            store.renew_exclusively(&key, AMPLE, &mut |_| Some(session.clone())).unwrap();
        });
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
