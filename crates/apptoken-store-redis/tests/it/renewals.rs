//! Who renews, and whose session stays.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::store::{SessionStore, StoreErrorKind, StoredSession};
use apptoken::{Clock, Moment, UnixSeconds};
use apptoken_transport_fake::{Fake, FakeClock, Token};

use crate::proxy::{Mode, Proxy};
use crate::servers::{RedisServer, has_redis};
use crate::support::{AMPLE, DAY, Failures, credential, endpoint, key, logins, provider, provider_with, store, token};

/// A record of the session that a login stores.
fn record(fake: &Fake, token: &Token) -> StoredSession {
    let memory = apptoken::store::MemoryStore::new();
    provider(fake, token, memory.clone()).session().unwrap();
    memory.load(&key(token)).unwrap().unwrap()
}

#[test]
fn a_holder_that_lost_its_lock_does_not_replace_a_newer_session() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let (early, late) = (record(&fake, &token), record(&fake, &token));
    let key = key(&token);
    let paused = store.renew_exclusively(&key, AMPLE, &mut |_| {
        // The holder was suspended for so long that its lock ended, and another machine renewed.
        let lock = server.keys().into_iter().find(|name| name.ends_with(":lock")).unwrap();
        server.command(&["DEL", &lock]).unwrap();
        let other = crate::support::store(&server.url());
        other.renew_exclusively(&key, AMPLE, &mut |_| Some(late.clone())).unwrap();
        Some(early.clone())
    });
    paused.unwrap();
    assert_eq!(store.load(&key).unwrap().unwrap().expose(), late.expose());
    assert_eq!(server.keys().len(), 1, "no lock is left");
}

#[test]
fn a_holder_whose_server_lost_its_data_replaces_no_later_session() {
    if !has_redis() {
        return;
    }
    let (fake, mut server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let (early, late) = (record(&fake, &token), record(&fake, &token));
    let key = key(&token);
    store.renew_exclusively(&key, AMPLE, &mut |_| None).unwrap();
    store
        .renew_exclusively(&key, AMPLE, &mut |_| {
            server.stop();
            server.start_again();
            let other = crate::support::store(&server.url());
            other.renew_exclusively(&key, AMPLE, &mut |_| Some(late.clone())).unwrap();
            Some(early.clone())
        })
        .unwrap();
    assert_eq!(store.load(&key).unwrap().unwrap().expose(), late.expose());
}

#[test]
fn the_lock_of_a_holder_that_died_ends_by_itself() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    provider(&fake, &token, store.clone()).session().unwrap();
    let lock = format!("{}:lock", server.keys()[0]);
    server.command(&["SET", &lock, "somebody", "PX", "200"]).unwrap();
    fake.clock().advance(DAY);
    provider(&fake, &token, store.clone()).session().unwrap();
    assert_eq!(logins(&fake), 2);
    // One that never ends is waited for with patience, and then the login needs no store.
    server.command(&["SET", &lock, "somebody"]).unwrap();
    let waited = store.renew_exclusively(&key(&token), Duration::ZERO, &mut |_| None);
    assert_eq!(waited.unwrap_err().kind(), StoreErrorKind::Locked);
}

#[test]
fn who_waited_takes_the_new_session_without_the_lock() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    let session = record(&fake, &token);
    let key = key(&token);
    let calls = Mutex::new(0);
    std::thread::scope(|scope| {
        let mut waiters = Vec::new();
        store
            .renew_exclusively(&key, AMPLE, &mut |_| {
                let (key, calls) = (&key, &calls);
                for _ in 0..4 {
                    let store = crate::support::store(&server.url());
                    waiters.push(scope.spawn(move || {
                        store.renew_exclusively(key, AMPLE, &mut |stored| {
                            *calls.lock().unwrap() += usize::from(stored.is_none());
                            None
                        })
                    }));
                }
                Some(session.clone())
            })
            .unwrap();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap().is_ok()));
    });
    assert_eq!(*calls.lock().unwrap(), 0, "none of them had to log in");
}

/// A machine whose wall clock is wrong by so many seconds.
#[derive(Clone)]
struct WrongClock(FakeClock, Arc<AtomicI64>);

impl Clock for WrongClock {
    fn now(&self) -> Moment {
        let Moment { wall, elapsed } = self.0.now();
        Moment { wall: UnixSeconds(wall.0 + self.1.load(Ordering::SeqCst)), elapsed }
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
}

#[test]
fn machines_whose_clocks_are_behind_share_the_session() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    let right = provider(&fake, &token, store(&server.url())).session().unwrap();
    for seconds in [-10, -100_000] {
        let clock = WrongClock(fake.clock(), Arc::new(AtomicI64::new(seconds)));
        let requests = apptoken::Builder::with_transport(endpoint(), fake.clone()).clock(clock);
        let provider = requests.provider(credential(&token)).store(store(&server.url())).build();
        assert!(provider.session().unwrap().ks().is_same(right.ks()), "{seconds}");
    }
    assert_eq!(logins(&fake), 1);
}

#[test]
fn a_session_is_as_old_as_redis_says_whatever_the_clock() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    provider(&fake, &token, store(&server.url())).session().unwrap();
    // As if it had been stored 20 hours ago by the clock of Redis, which the machines' clocks do not show.
    let left = Duration::from_secs(4 * 3600);
    server.command(&["PEXPIRE", &server.keys()[0], &left.as_millis().to_string()]).unwrap();
    provider(&fake, &token, store(&server.url())).session().unwrap();
    assert_eq!(logins(&fake), 2, "it is due for renewal");
}

#[test]
fn a_stopped_store_waits_for_nobody() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, store) = (token(&fake), store(&server.url()));
    provider(&fake, &token, store.clone()).session().unwrap();
    let lock = format!("{}:lock", server.keys()[0]);
    server.command(&["SET", &lock, "somebody"]).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.renew_exclusively(&key(&token), AMPLE * 60, &mut |_| None));
        store.stop();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind(), StoreErrorKind::Locked);
    });
}

#[test]
fn a_login_without_its_answer_from_redis_is_not_lost() {
    if !has_redis() {
        return;
    }
    let (fake, server, failures) = (Fake::new(), RedisServer::start(), Failures::default());
    let (token, proxy) = (token(&fake), Proxy::start(Mode::Forward(server.port)));
    let store = store(&proxy.url());
    let key = key(&token);
    let session = record(&fake, &token);
    // The connection ends during the login, so the session is stored over another one, as the same holder.
    store
        .renew_exclusively(&key, AMPLE, &mut |_| {
            proxy.set(Mode::Forward(server.port));
            Some(session.clone())
        })
        .unwrap();
    assert_eq!(store.load(&key).unwrap().unwrap().expose(), session.expose());
    provider_with(&fake, &token, store).observer(failures.clone()).build().session().unwrap();
    assert_eq!(failures.take(), Vec::<String>::new());
}
