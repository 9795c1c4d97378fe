//! Settings and forms of URL, against servers.

use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::Fake;

use crate::servers::{RedisServer, has_redis};
use crate::support::{builder, logins, provider, store, token};

#[test]
fn stores_with_another_prefix_or_database_are_separate() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    for _ in 0..2 {
        provider(&fake, &token, store(&server.url())).session().unwrap();
        provider(&fake, &token, store(&format!("{}/1", server.url()))).session().unwrap();
        provider(&fake, &token, builder(&server.url()).key_prefix("team:").build().unwrap()).session().unwrap();
    }
    assert_eq!(logins(&fake), 3);
    assert!(server.keys().iter().any(|name| name.starts_with("team:1:")));
}

#[test]
fn the_master_of_a_service_is_found_again_after_a_failover() {
    if !has_redis() {
        return;
    }
    let (fake, server, replica) = (Fake::new(), RedisServer::start(), RedisServer::start());
    replica.command(&["REPLICAOF", "127.0.0.1", &server.port.to_string()]).unwrap();
    let sentinel = RedisServer::sentinel(server.port);
    let token = token(&fake);
    let store = store(&format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port));
    provider(&fake, &token, store.clone()).session().unwrap();
    let replicated: i64 = redis::from_redis_value(server.command(&["WAIT", "1", "60000"]).unwrap()).unwrap();
    assert_eq!(replicated, 1);
    let ask = redis::Client::open(format!("redis://127.0.0.1:{}", sentinel.port)).unwrap();
    let mut ask = ask.get_connection().unwrap();
    // Until the sentinel has seen the replica, it has nobody to promote.
    while redis::cmd("SENTINEL").arg("FAILOVER").arg("main").query::<()>(&mut ask).is_err() {
        std::thread::yield_now();
    }
    // A server that changes its role closes its connections, so the question can fail.
    let has_role = |server: &RedisServer, role: &str| {
        let replication =
            server.command(&["INFO", "replication"]).and_then(|value| Ok(redis::from_redis_value(value)?));
        replication.is_ok_and(|text: String| text.contains(role))
    };
    while !has_role(&replica, "role:master") || !has_role(&server, "role:slave") {
        std::thread::yield_now();
    }
    provider(&fake, &token, store.clone()).session().unwrap();
    assert_eq!(logins(&fake), 1);
    fake.clock().advance(crate::support::DAY);
    for _ in 0..2 {
        provider(&fake, &token, store.clone()).session().unwrap();
    }
    assert_eq!(logins(&fake), 2, "written at the new master");
}

#[test]
fn nothing_shows_the_password_of_the_url() {
    let store = RedisStore::from_url("redis://app:secret@127.0.0.1:1/3").unwrap();
    assert_eq!(format!("{store:?}"), "RedisStore(redis://127.0.0.1:1)");
    let failures = crate::support::Failures::default();
    let fake = Fake::new();
    let provider = crate::support::provider_with(&fake, &token(&fake), store).observer(failures.clone()).build();
    provider.session().unwrap();
    let reported = failures.take().join("\n");
    assert!(reported.starts_with("redis://127.0.0.1:1: ") && !reported.contains("secret"), "{reported}");
    let error = RedisStore::builder("redis://app:secret@h/x").build().unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
    assert!(!format!("{:?}", RedisStore::builder("redis://app:secret@h")).contains("secret"));
}
