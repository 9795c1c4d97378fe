//! Many machines at once.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use apptoken::store::SessionStore;
use apptoken_transport_fake::Fake;

use crate::chaos;
use crate::servers::{RedisServer, has_redis};
use crate::support::{START, WIDGET, logins, provider, provider_with, store, token};

/// As many machines as threads, each with a store and a connection of its own. Returns the numbers of logins and widget sessions.
fn cold_starts<S: SessionStore + Send + Sync + 'static>(machines: usize, open: impl Fn() -> Option<S>) -> (usize, u64) {
    let fake = Fake::new();
    let token = token(&fake);
    let providers: Vec<_> = (0..machines)
        .map(|_| match open() {
            Some(store) => provider(&fake, &token, store),
            None => crate::support::requests_to(&fake).provider(crate::support::credential(&token)).build(),
        })
        .collect();
    let barrier = Barrier::new(machines);
    thread::scope(|scope| {
        for provider in &providers {
            let start = || {
                barrier.wait();
                provider.session().unwrap();
            };
            thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, start).unwrap();
        }
    });
    (logins(&fake), fake.journal().count(WIDGET))
}

#[test]
fn a_thousand_cold_starts_need_one_login() {
    if !has_redis() {
        return;
    }
    let server = RedisServer::with(&["--maxclients", "5000"]);
    assert_eq!(cold_starts(1000, || Some(store(&server.url()))), (1, 1));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions");
    let on_one_machine = cold_starts(1000, || Some(apptoken::store::FileStore::new(&path).unwrap()));
    assert_eq!(on_one_machine, (1, 1), "with the file store, on one machine");
    let without = cold_starts(1000, || None::<apptoken::store::MemoryStore>);
    assert_eq!(without, (1000, 1000), "without a store");
}

fn users(number: usize) -> impl Iterator<Item = String> {
    (0..number).map(|number| format!("user{number}"))
}

/// The commands that Redis has executed.
fn commands(server: &RedisServer) -> u64 {
    let stats = server.text(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with("cmdstat_eval:")).unwrap_or_default().to_owned();
    let calls = line.split(['=', ',']).nth(1).unwrap_or("0");
    calls.parse().unwrap()
}

#[test]
fn many_users_are_started_in_batches_and_resumed() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    let start = |number| {
        let provider = provider_with(&fake, &token, store(&server.url())).build();
        let before = (fake.journal().requests(), commands(&server));
        let sessions = provider.start_many(users(number));
        assert!(sessions.iter().all(|user| user.session.as_ref().unwrap().user_id() == user.user_id));
        (fake.journal().requests() - before.0, commands(&server) - before.1)
    };
    // One request for a widget session, one for each 100 users.
    assert_eq!(start(600), (7, 1200), "each user is read and stored");
    // Another program, or the same after it was stopped: the first 600 need no login.
    assert_eq!(start(2000), (14, 2000 + 1400));
    assert_eq!(start(2000), (0, 2000));
    assert_eq!(fake.journal().count(START), 2000);
    assert_eq!(server.keys().len(), 2000);
}

#[test]
fn processes_that_are_killed_paused_and_cut_off_recover() {
    if !has_redis() {
        return;
    }
    let server = RedisServer::start();
    let settings = chaos::Settings {
        processes: 12,
        duration: Duration::from_secs(8),
        lifetimes: vec![Duration::from_secs(8), Duration::from_secs(12)],
        redis: server.port,
    };
    let figures = chaos::run(&settings, || {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "fleet::a_process_of_the_chaos", "--ignored", "--nocapture", "--test-threads=1"]);
        command
    });
    assert!(figures.is_good() && figures.calls > 50, "{figures:#?}");
}

#[test]
#[ignore = "a process of another test"]
fn a_process_of_the_chaos() {
    chaos::work();
}
