//! Who can read and use what is stored.

use apptoken::store::SessionKey;
use apptoken::store::{SessionStore as _, StoreErrorKind};
use apptoken::{AppTokenSecret, Credential, HashType, SessionOptions};
use apptoken_store_redis::SealingKey;
use apptoken_transport_fake::Fake;

use crate::servers::{RedisServer, has_redis, has_redis_with_tls};
use crate::support::{
    Failures, builder, credential, endpoint, key, logins, provider, provider_with, requests_to, store, token,
};

#[test]
fn redis_holds_no_readable_secret_and_no_user() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    let session = provider(&fake, &token, store(&server.url())).for_user("alice").session().unwrap();
    let keys = server.keys();
    let [name] = &*keys else { panic!("one key: {keys:?}") };
    let content: Vec<Vec<u8>> = redis::from_redis_value(server.command(&["HVALS", name]).unwrap()).unwrap();
    let shown = format!("{name} {}", content.iter().map(|value| String::from_utf8_lossy(value)).collect::<String>());
    for secret in [session.ks().expose(), token.secret.expose(), "alice", "\"ks\"", HashType::Sha256.as_str()] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(name.starts_with(&format!("apptoken:1:{{101-{}-", token.id)), "{name}");
    let life: i64 = redis::from_redis_value(server.command(&["PTTL", name]).unwrap()).unwrap();
    assert!((86_000_000..=86_400_000).contains(&life), "{life}");
}

#[test]
fn another_token_value_or_sealing_key_opens_nothing() {
    if !has_redis() {
        return;
    }
    let (fake, server, failures) = (Fake::new(), RedisServer::start(), Failures::default());
    let token = token(&fake);
    provider(&fake, &token, store(&server.url())).session().unwrap();
    let changed = AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap();
    let changed = Credential { token: changed, ..credential(&token) };
    let other_key = SessionKey::new(&endpoint(), &changed, SessionOptions::default());
    assert_eq!(store(&server.url()).load(&other_key).unwrap_err().kind(), StoreErrorKind::NotAuthentic);
    let provider = requests_to(&fake).provider(changed).store(store(&server.url())).build();
    assert_eq!(provider.session().unwrap_err().code(), Some("INVALID_APP_TOKEN_HASH"));
    let own_keys = builder(&server.url()).sealing_keys([SealingKey::new([7; 32])]).build().unwrap();
    let provider = || provider_with(&fake, &token, own_keys.clone()).observer(failures.clone()).build();
    provider().session().unwrap();
    assert_eq!((logins(&fake), failures.take().len()), (2, 1), "what cannot be opened is replaced");
    provider().session().unwrap();
    assert_eq!((logins(&fake), failures.take().len()), (2, 0));
}

#[test]
fn a_record_moved_to_another_key_is_not_used() {
    if !has_redis() {
        return;
    }
    let (fake, server) = (Fake::new(), RedisServer::start());
    let token = token(&fake);
    provider(&fake, &token, store(&server.url())).for_user("alice").session().unwrap();
    let alice = server.keys().remove(0);
    provider(&fake, &token, store(&server.url())).session().unwrap();
    let own = server.keys().into_iter().find(|name| *name != alice).unwrap();
    server.command(&["COPY", &alice, &own, "REPLACE"]).unwrap();
    let error = store(&server.url()).load(&key(&token)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotAuthentic);
    assert_eq!(provider(&fake, &token, store(&server.url())).session().unwrap().user_id(), "");
}

#[test]
fn a_user_with_few_rights_is_enough() {
    if !has_redis() {
        return;
    }
    let (fake, server, failures) = (Fake::new(), RedisServer::start(), Failures::default());
    let rights = "+eval +evalsha +script|load +hget +hset +set +get +del +pttl +pexpire +time";
    let user = ["ACL", "SETUSER", "app", "on", ">p@ss", "~apptoken:*"];
    let words: Vec<&str> = user.into_iter().chain(rights.split(' ')).collect();
    server.command(&words).unwrap();
    let token = token(&fake);
    let url = server.url().replace("://", "://app:p%40ss@");
    let provider = |url: &str| provider_with(&fake, &token, store(url)).observer(failures.clone()).build();
    for _ in 0..2 {
        provider(&url).session().unwrap();
    }
    assert!(provider(&url).start_many(["a", "b"]).iter().all(|user| user.session.is_ok()));
    assert!(provider(&url).start_many(["a", "b"]).iter().all(|user| user.session.is_ok()));
    assert_eq!((logins(&fake), failures.take()), (3, Vec::new()));
    provider(&server.url().replace("://", "://app:wrong@")).session().unwrap();
    let reported = failures.take().join("\n");
    assert!(reported.contains("Password authentication failed") && !reported.contains("app:wrong"), "{reported}");
}

#[test]
fn a_certificate_of_nobody_is_refused() {
    if !has_redis_with_tls() {
        return;
    }
    let (fake, server, failures) = (Fake::new(), RedisServer::with_tls(), Failures::default());
    provider_with(&fake, &token(&fake), store(&server.url())).observer(failures.clone()).build().session().unwrap();
    let reported = failures.take().join("\n");
    assert!(reported.contains("rediss://localhost") && reported.to_lowercase().contains("certificate"), "{reported}");
}
