//! Whatever Redis does, a provider that can log in has a session, and Redis is used again when it works.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken::store::{SessionStore as _, StoreErrorKind};
use apptoken::{Builder, FnTransport, Transport as _, TransportFailure};
use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::{Fake, Token};
use rustix::process::{Pid, Signal, kill_process};

use crate::proxy::{Mode, Proxy};
use crate::servers::{RedisServer, has_redis};
use crate::support::{Failures, SHORT, credential, endpoint, key, logins, provider_with, store, token};

/// A provider of its own, as another process would have it. Returns what it reports.
fn session(fake: &Fake, token: &Token, store: RedisStore) -> Vec<String> {
    let failures = Failures::default();
    provider_with(fake, token, store).observer(failures.clone()).build().session().unwrap();
    failures.take()
}

#[test]
fn a_stopped_server_costs_the_sharing_only() {
    if !has_redis() {
        return;
    }
    let (fake, mut server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    server.stop();
    for login in 1..=2 {
        let reported = session(&fake, &token, store(&server.url()));
        assert!(reported.len() == 1 && reported[0].starts_with(&server.url()), "{reported:?}");
        assert!(reported[0].contains("did not answer in time, or the connection failed"), "{reported:?}");
        assert_eq!(logins(&fake), login);
    }
    server.start_again();
    for _ in 0..3 {
        assert!(session(&fake, &token, store(&server.url())).is_empty());
    }
    assert_eq!(logins(&fake), 3);
}

#[test]
fn a_server_that_restarts_empty_costs_one_login() {
    if !has_redis() {
        return;
    }
    let (fake, mut server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    // The same store, whose connection the restart breaks.
    let store = store(&server.url());
    for restarts in 1..=3 {
        for _ in 0..2 {
            assert!(session(&fake, &token, store.clone()).is_empty());
        }
        assert_eq!(logins(&fake), restarts);
        server.stop();
        server.start_again();
    }
}

#[test]
fn a_promoted_replica_continues() {
    if !has_redis() {
        return;
    }
    let (fake, mut master, replica) = (Fake::new(), RedisServer::start(), RedisServer::start());
    let token = token(&fake);
    replica.command(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]).unwrap();
    let proxy = Proxy::start(Mode::Forward(master.port));
    let store = store(&proxy.url());
    session(&fake, &token, store.clone());
    // Returns the number of replicas that have all writes.
    let replicated: i64 = redis::from_redis_value(master.command(&["WAIT", "1", "60000"]).unwrap()).unwrap();
    assert_eq!(replicated, 1);
    master.stop();
    replica.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    proxy.set(Mode::Forward(replica.port));
    assert!(session(&fake, &token, store.clone()).is_empty());
    assert_eq!(logins(&fake), 1, "the session was replicated");
    fake.clock().advance(crate::support::DAY);
    for _ in 0..2 {
        assert!(session(&fake, &token, store.clone()).is_empty());
    }
    assert_eq!(logins(&fake), 2, "the promoted server is written");
}

#[test]
fn a_read_only_server_is_read_but_not_written() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    session(&fake, &token, store(&server.url()));
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    assert!(session(&fake, &token, store(&server.url())).is_empty());
    assert_eq!(logins(&fake), 1);
    fake.clock().advance(crate::support::DAY);
    let reported = session(&fake, &token, store(&server.url()));
    assert!(reported.len() == 1 && reported[0].contains("refused the operation"), "{reported:?}");
    assert!(reported[0].contains("READONLY") || reported[0].contains("read only"), "{reported:?}");
    assert_eq!(logins(&fake), 2);
}

#[test]
fn a_full_server_is_read_but_not_written() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    session(&fake, &token, store(&server.url()));
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    assert!(session(&fake, &token, store(&server.url())).is_empty());
    assert_eq!(logins(&fake), 1);
    fake.clock().advance(crate::support::DAY);
    let reported = session(&fake, &token, store(&server.url()));
    assert!(reported.len() == 1 && reported[0].contains("check its role, its memory"), "{reported:?}");
    assert!(reported[0].contains("maxmemory"), "{reported:?}");
    assert_eq!(logins(&fake), 2);
}

const SUSPENDED_URL: &str = "APPTOKEN_TEST_SUSPENDED_URL";
/// Longer than this test needs to suspend a process that waits.
const LIMIT: Duration = Duration::from_secs(3);

/// Regression: a process that was suspended during an operation found the limit over, and logged in by itself.
#[test]
fn a_process_that_was_suspended_takes_the_answer() {
    if !has_redis() {
        return;
    }
    let (server, proxy) = (RedisServer::start(), Proxy::start(Mode::Hang));
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "faults::a_process_that_is_suspended", "--ignored", "--nocapture"]);
    let process = process.env(SUSPENDED_URL, proxy.url()).stdout(Stdio::piped()).spawn().unwrap();
    proxy.wait_for_connection();
    let id = Pid::from_child(&process);
    kill_process(id, Signal::STOP).unwrap();
    proxy.set(Mode::Forward(server.port));
    // In real time, as the limit is.
    std::thread::sleep(2 * LIMIT + SHORT);
    kill_process(id, Signal::CONT).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "a process of another test"]
fn a_process_that_is_suspended() {
    let Ok(url) = std::env::var(SUSPENDED_URL) else { return };
    let store = RedisStore::builder(&url).operation_timeout(LIMIT).build().unwrap();
    assert!(store.load(&key(&token(&Fake::new()))).unwrap().is_none());
}

/// A store with a short limit, behind a proxy in this mode.
fn troubled(mode: Mode) -> (Fake, Token, Proxy, RedisStore) {
    let fake = Fake::new();
    let (token, proxy) = (token(&fake), Proxy::start(mode));
    let store = RedisStore::builder(&proxy.url()).operation_timeout(SHORT).build().unwrap();
    (fake, token, proxy, store)
}

/// The client's own limit is for each read. Here all reads succeed, one byte each, for a year.
#[test]
fn a_server_that_drips_does_not_hold_a_login() {
    let (fake, token, _proxy, store) = troubled(Mode::Drip);
    for login in 1..=3 {
        let reported = session(&fake, &token, store.clone());
        assert!(reported[0].contains("did not answer in time"), "{reported:?}");
        assert_eq!(logins(&fake), login);
    }
}

#[test]
fn the_threads_that_a_dripping_server_holds_are_few() {
    let (_fake, token, _proxy, _) = troubled(Mode::Drip);
    let store =
        RedisStore::builder(&_proxy.url()).operation_timeout(std::time::Duration::from_millis(1)).build().unwrap();
    let mut refused = false;
    for _ in 0..1000 {
        let error = store.load(&key(&token)).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        refused |= cause.contains("just now");
    }
    assert!(refused);
}

#[test]
fn a_server_that_hangs_does_not_hold_a_login() {
    let (fake, token, proxy, store) = troubled(Mode::Hang);
    let reported = session(&fake, &token, store.clone());
    assert!(reported[0].contains("did not answer in time"), "{reported:?}");
    let error = store.load(&key(&token)).unwrap_err();
    assert_eq!((error.kind(), error.path()), (StoreErrorKind::Unavailable, Some(&*proxy.url())));
    assert_eq!(logins(&fake), 1);
}

#[test]
fn a_server_that_is_not_redis_is_reported() {
    let (fake, token, _proxy, store) = troubled(Mode::Garbage);
    for login in 1..=2 {
        let reported = session(&fake, &token, store.clone());
        assert_eq!((reported.len(), logins(&fake)), (1, login), "{reported:?}");
    }
    assert_eq!(store.load(&key(&token)).unwrap_err().kind(), StoreErrorKind::Foreign);
}

/// Otherwise each machine of a rack logs in by itself when the network of the rack is back.
#[test]
fn a_machine_whose_network_is_back_takes_the_session_of_others() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, proxy) = (token(&fake), Proxy::start(Mode::Cut));
    session(&fake, &token, store(&server.url()));
    let down = AtomicBool::new(true);
    let (kaltura, port, url) = (fake.clone(), server.port, proxy.url());
    let transport = FnTransport::new(move |request| {
        // The network is down for the first request, and then back for both servers.
        if down.swap(false, Ordering::SeqCst) {
            proxy.set(Mode::Forward(port));
            return Err(TransportFailure::not_sent("the network is down"));
        }
        kaltura.send(request)
    });
    let requests = Builder::with_transport(endpoint(), transport).clock(fake.clock());
    requests.provider(credential(&token)).store(store(&url)).build().session().unwrap();
    assert_eq!(logins(&fake), 1);
}

#[test]
fn a_cut_connection_is_made_again() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let (token, proxy) = (token(&fake), Proxy::start(Mode::Forward(server.port)));
    let store = store(&proxy.url());
    for _ in 0..5 {
        assert!(session(&fake, &token, store.clone()).is_empty());
        proxy.set(Mode::Forward(server.port));
    }
    assert_eq!(logins(&fake), 1);
    proxy.set(Mode::Cut);
    assert_eq!(session(&fake, &token, store.clone()).len(), 1);
    assert_eq!(logins(&fake), 2);
    proxy.set(Mode::Forward(server.port));
    assert!(session(&fake, &token, store).is_empty());
    assert_eq!(logins(&fake), 2);
}
