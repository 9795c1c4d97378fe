//! Sessions that are shared through a store.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use apptoken::store::{FileStore, MemoryStore, SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
use apptoken::{
    AppTokenSecret, Builder, Credential, HashChoice, HashType, Provider, ProviderBuilder, RetryPolicy, SessionOptions,
};
use apptoken_transport_fake::{Fake, Fault, FaultKind, Token};

use super::support::{
    DAY, HOUR, Machine, Notes, builder_with, credential, endpoint, logins, partner, requests_to, token,
};

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("sessions")
    }

    pub(super) fn store(&self) -> FileStore {
        FileStore::new(self.path()).unwrap()
    }

    pub(super) fn files(&self, kind: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.extension().is_some_and(|extension| extension.to_str().unwrap().starts_with(kind)))
            .collect()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.files("session").remove(0)
    }
}

pub(super) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub(super) fn key(token: &Token) -> SessionKey {
    SessionKey::new(&endpoint(), &credential(token), SessionOptions::default())
}

fn both_stores(check: impl Fn(&dyn Fn() -> Arc<dyn SessionStore + Send + Sync>)) {
    let memory = MemoryStore::new();
    check(&|| Arc::new(memory.clone()));
    let folder = Folder::new();
    check(&|| Arc::new(folder.store()));
}

#[test]
fn providers_of_one_token_share_the_login_and_renewals() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        let providers: Vec<Provider> = (0..5).map(|_| builder_with(&fake, &token).store(store()).build()).collect();
        for round in 1..5 {
            let sessions: Vec<_> = providers.iter().map(|provider| provider.session().unwrap()).collect();
            assert!(sessions.iter().all(|session| session.ks().is_same(sessions[0].ks())));
            assert_eq!(logins(&fake), round);
            fake.clock().advance(DAY);
        }
    });
}

#[test]
fn a_session_from_the_store_equals_the_stored_one() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        let first = builder_with(&fake, &token).store(store()).build().session().unwrap();
        fake.clock().advance(Duration::from_secs(60_000));
        let provider = builder_with(&fake, &token).store(store()).build();
        let second = provider.session().unwrap();
        assert!(first.ks().is_same(second.ks()));
        let of = |session: &apptoken::Session| {
            let reported = (session.expires_at(), session.server_time(), session.lifetime(), session.hash_type());
            (reported, session.user_id().to_owned(), session.privileges().clone(), session.session_type())
        };
        assert_eq!(of(&first), of(&second));
        // It is renewed by its real age, not later.
        fake.clock().advance(Duration::from_secs(10_000));
        provider.session().unwrap();
        assert_eq!(logins(&fake), 2);
    });
}

#[test]
fn an_old_session_is_not_taken_from_the_store() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        builder_with(&fake, &token).store(store()).build().session().unwrap();
        fake.clock().advance(Duration::from_secs(75_000));
        builder_with(&fake, &token).store(store()).build().session().unwrap();
        assert_eq!(logins(&fake), 2);
        let set_back = Machine::of(&fake, -86_400);
        requests_to(&fake).clock(set_back).provider(credential(&token)).store(store()).build().session().unwrap();
        assert_eq!(logins(&fake), 3, "its age is unknown");
    });
}

#[test]
fn a_session_dropped_by_one_provider_is_used_by_no_other() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        let [one, other] = [(), ()].map(|()| builder_with(&fake, &token).store(store()).build());
        let old = one.session().unwrap();
        assert!(other.session().unwrap().ks().is_same(old.ks()));
        one.invalidate(old.ks());
        other.invalidate(old.ks());
        let new = one.session().unwrap();
        assert!(!new.ks().is_same(old.ks()) && other.session().unwrap().ks().is_same(new.ks()));
        assert_eq!(logins(&fake), 2);
    });
}

#[test]
fn a_session_does_not_outlive_a_changed_token() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        builder_with(&fake, &token).store(store()).build().session().unwrap();
        let changed = AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap();
        let changed = Credential { token: changed, ..credential(&token) };
        let provider = requests_to(&fake).provider(changed).store(store()).build();
        assert_eq!(provider.session().unwrap_err().code(), Some("INVALID_APP_TOKEN_HASH"));
    });
}

#[test]
fn sessions_of_other_options_or_servers_are_separate() {
    both_stores(|store| {
        let fake = Fake::new();
        let token = fake.add_token(partner(), apptoken_transport_fake::TokenSpec::new(HashType::Sha256));
        let with = |builder: ProviderBuilder| builder.store(store()).build();
        let provider = with(builder_with(&fake, &token));
        for user in ["a", "b", "a/../b", "a"] {
            assert_eq!(provider.for_user(user).session().unwrap().user_id(), user);
        }
        let elsewhere = apptoken::Endpoint::parse("https://other.example.org").unwrap();
        with(Builder::new(elsewhere).transport(fake.clone()).clock(fake.clock()).provider(credential(&token)))
            .for_user("a")
            .session()
            .unwrap();
        assert_eq!(logins(&fake), 4);
    });
}

#[test]
fn only_the_user_can_access_files_and_folders() {
    let (fake, folder) = (Fake::new(), Folder::new());
    let token = token(&fake, DAY);
    builder_with(&fake, &token).store(folder.store()).build().session().unwrap();
    assert_eq!(mode(&folder.path()), 0o700);
    for path in folder.files("session").iter().chain(&folder.files("lock")) {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    let text = fs::read_to_string(folder.file()).unwrap();
    let session = builder_with(&fake, &token).store(folder.store()).build().session().unwrap();
    let token_hash = HashType::Sha256.token_hash(session.ks(), &token.secret);
    assert!(
        text.contains(session.ks().expose())
            && !text.contains(token.secret.expose())
            && !text.contains(token_hash.expose())
    );
}

#[test]
fn a_file_that_others_can_read_is_replaced_and_not_used() {
    for mode_of_file in [0o644, 0o640, 0o602, 0o777] {
        let (fake, folder, notes) = (Fake::new(), Folder::new(), Notes::default());
        let token = token(&fake, DAY);
        let provider = || builder_with(&fake, &token).store(folder.store()).observer(notes.clone()).build();
        provider().session().unwrap();
        fs::set_permissions(folder.file(), Permissions::from_mode(mode_of_file)).unwrap();
        assert_eq!(folder.store().load(&key(&token)).unwrap_err().kind(), StoreErrorKind::Exposed);
        notes.take();
        provider().session().unwrap();
        assert_eq!(logins(&fake), 2);
        let reported = notes.take();
        assert!(reported[1].contains("the session store failed") && reported[1].contains("mode 600"), "{reported:?}");
        assert_eq!(mode(&folder.file()), 0o600);
        provider().session().unwrap();
        assert_eq!(logins(&fake), 2);
    }
}

#[test]
fn a_folder_that_others_can_access_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let error = FileStore::new(folder.path()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Exposed);
    assert!(error.to_string().contains("700"), "{error}");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(FileStore::new(folder.path()).is_ok());
    let error = FileStore::new("/dev/null/sessions").unwrap_err();
    assert_eq!((error.kind(), error.path()), (StoreErrorKind::Io, Some("/dev/null/sessions")));
}

#[test]
fn a_damaged_or_foreign_file_is_moved_aside_and_reported() {
    for (content, kind) in [
        ("", StoreErrorKind::Corrupt),
        ("{\"format\":\"apptoken session\",\"version\":2,\"key\"", StoreErrorKind::Corrupt),
        ("{\"format\":\"apptoken session\",\"version\":2}", StoreErrorKind::Corrupt),
        ("{\"format\":\"apptoken session\",\"version\":3}", StoreErrorKind::Foreign),
        ("{\"format\":\"other\",\"version\":2}", StoreErrorKind::Foreign),
        ("[1, 2]", StoreErrorKind::Foreign),
    ] {
        let (fake, folder, notes) = (Fake::new(), Folder::new(), Notes::default());
        let token = token(&fake, DAY);
        let provider = || builder_with(&fake, &token).store(folder.store()).observer(notes.clone()).build();
        provider().session().unwrap();
        fs::write(folder.file(), content).unwrap();
        assert_eq!(folder.store().load(&key(&token)).unwrap_err().kind(), kind, "{content}");
        notes.take();
        provider().session().unwrap();
        assert_eq!(logins(&fake), 2);
        let reported = notes.take();
        assert!(reported[1].contains("it was moved to"), "{reported:?}");
        assert_eq!(fs::read_to_string(&folder.files("aside")[0]).unwrap(), content);
        provider().session().unwrap();
        assert_eq!((logins(&fake), notes.take().len()), (2, 2), "reported once");
        fs::write(folder.file(), "{").unwrap();
        provider().session().unwrap();
        assert_eq!(folder.files("aside").len(), 2, "the first is not overwritten");
    }
    let not_text = Folder::new();
    let fake = Fake::new();
    let token = token(&fake, DAY);
    builder_with(&fake, &token).store(not_text.store()).build().session().unwrap();
    fs::write(not_text.file(), [0xff, 0xfe]).unwrap();
    assert_eq!(not_text.store().load(&key(&token)).unwrap_err().kind(), StoreErrorKind::Corrupt);
}

#[test]
fn a_truncated_record_is_never_a_session() {
    let (fake, store) = (Fake::new(), MemoryStore::new());
    let token = token(&fake, DAY);
    builder_with(&fake, &token).store(store.clone()).build().session().unwrap();
    let stored = store.load(&key(&token)).unwrap().unwrap();
    let text = stored.expose();
    for end in 0..text.len() {
        assert_eq!(StoredSession::parse(&text[..end]).unwrap_err().kind(), StoreErrorKind::Corrupt, "{end}");
    }
    assert_eq!(StoredSession::parse(text).unwrap().expose(), text);
    assert!(!format!("{stored:?}").contains(&text[text.len() - 40..]));
    assert!(!format!("{stored:?}").contains(stored_ks(text)));
}

fn stored_ks(text: &str) -> &str {
    text.split("\\\"ks\\\":\\\"").nth(1).unwrap().split('\\').next().unwrap()
}

#[test]
fn a_failing_store_does_not_prevent_a_login() {
    let (fake, folder, notes) = (Fake::new(), Folder::new(), Notes::default());
    let provider = builder_with(&fake, &token(&fake, DAY)).store(folder.store()).observer(notes.clone()).build();
    fs::remove_dir(folder.path()).unwrap();
    provider.session().unwrap();
    assert_eq!(logins(&fake), 1);
    let reported = notes.take();
    assert!(reported[1].contains("could not be read or written"), "{reported:?}");
}

#[test]
fn a_failing_store_does_not_prevent_the_logins_of_many() {
    let (fake, folder, notes) = (Fake::new(), Folder::new(), Notes::default());
    let open = fake.add_token(partner(), apptoken_transport_fake::TokenSpec::new(HashType::Sha256));
    let provider = builder_with(&fake, &open).store(folder.store()).observer(notes.clone()).build();
    fs::remove_dir(folder.path()).unwrap();
    assert!(provider.start_many(["a", "b"]).iter().all(|user| user.session.is_ok()));
    assert_eq!(fake.journal().requests(), 2);
    let reported = notes.take();
    assert!(reported.iter().any(|event| event.contains("could not be read or written")), "{reported:?}");
}

/// A store whose server cannot be reached, or which another user of it renewed while this one waited.
struct OddStore {
    error: Option<StoreErrorKind>,
    calls: std::sync::Mutex<u32>,
}

impl SessionStore for OddStore {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.error.map_or(Ok(None), |kind| Err(StoreError::new(kind)))
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        _: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        if let Some(kind) = self.error {
            return Err(StoreError::new(kind));
        }
        // Another one stored a session while the first call waited, and it was removed again.
        if *calls > 1 {
            renew(None);
        }
        Ok(())
    }
}

#[test]
fn each_attempt_asks_an_unreachable_store_again() {
    let unreachable = || OddStore { error: Some(StoreErrorKind::Unavailable), calls: Default::default() };
    let (fake, store) = (Fake::new(), Arc::new(unreachable()));
    let provider = builder_with(&fake, &token(&fake, DAY)).store(store.clone()).build();
    fake.inject(Fault::on_any(FaultKind::Status(503)).nth(1));
    provider.session().unwrap();
    assert_eq!((*store.calls.lock().unwrap(), logins(&fake)), (2, 1));

    let (fake, store) = (Fake::new(), Arc::new(unreachable()));
    let provider = builder_with(&fake, &token(&fake, DAY)).store(store.clone()).build();
    fake.inject(Fault::on_any(FaultKind::ApiError("APP_TOKEN_EXPIRED".into())));
    assert_eq!(provider.session().unwrap_err().code(), Some("APP_TOKEN_EXPIRED"));
    assert_eq!(*store.calls.lock().unwrap(), 1, "a permanent error is not repeated");
}

#[test]
fn a_store_that_another_renewed_is_read_again() {
    let (fake, store) = (Fake::new(), Arc::new(OddStore { error: None, calls: Default::default() }));
    builder_with(&fake, &token(&fake, DAY)).store(store.clone()).build().session().unwrap();
    assert_eq!((*store.calls.lock().unwrap(), logins(&fake)), (2, 1));
}

#[test]
fn the_sessions_of_many_users_are_shared_and_resumed() {
    both_stores(|store| {
        let (fake, notes) = (Fake::new(), Notes::default());
        let open = fake.add_token(partner(), apptoken_transport_fake::TokenSpec::new(HashType::Sha256));
        let provider = || builder_with(&fake, &open).store(store()).observer(notes.clone()).build();
        let users = |number: usize| (0..number).map(|number| format!("user{number}"));
        assert!(provider().start_many(users(150)).iter().all(|user| user.session.is_ok()));
        notes.take();
        let requests = fake.journal().requests();
        let sessions = provider().start_many(users(250));
        assert!(sessions.iter().all(|user| user.session.as_ref().unwrap().user_id() == user.user_id));
        let counts = (fake.journal().count(super::support::START), fake.journal().requests());
        assert_eq!(counts, (250, requests + 2), "from the stored widget session");
        assert!(notes.take().last().unwrap().starts_with("100 sessions started, 150 taken from the store, 0 failed"));
        let one = provider().for_user("user200").session().unwrap();
        assert!(one.ks().is_same(sessions[200].session.as_ref().unwrap().ks()));
        assert_eq!(fake.journal().requests(), requests + 2);
    });
}

#[test]
fn a_changed_record_is_reported_once_and_replaced() {
    both_stores(|store| {
        let (fake, notes) = (Fake::new(), Notes::default());
        let token = token(&fake, DAY);
        let provider = || builder_with(&fake, &token).store(store()).observer(notes.clone()).build();
        provider().session().unwrap();
        let change = |stored: StoredSession| StoredSession::parse(stored.expose().replace("alice", "admin")).ok();
        store().renew_exclusively(&key(&token), PATIENCE, &mut |stored| stored.and_then(change)).unwrap();
        notes.take();
        assert_eq!(provider().session().unwrap().user_id(), "alice");
        let reported = notes.take();
        assert!(reported[1].starts_with("the session store failed: the stored session was changed"), "{reported:?}");
        provider().session().unwrap();
        assert_eq!((logins(&fake), notes.take().len()), (2, 2));
    });
}

#[test]
fn a_renewal_that_calls_its_store_again_is_refused() {
    both_stores(|store| {
        let key = key(&token(&Fake::new(), DAY));
        let (store, mut inner) = (store(), None);
        let outer = store.renew_exclusively(&key, PATIENCE, &mut |_| {
            inner = Some(store.renew_exclusively(&key, PATIENCE, &mut |_| None));
            None
        });
        assert!(outer.is_ok());
        assert_eq!(inner.unwrap().unwrap_err().kind(), StoreErrorKind::Locked);
        assert!(store.renew_exclusively(&key, PATIENCE, &mut |_| None).is_ok());
    });
}

#[test]
fn expired_sessions_are_removed_by_the_next_renewal() {
    both_stores(|store| {
        let fake = Fake::new();
        let (old, new) = (token(&fake, HOUR), token(&fake, DAY));
        builder_with(&fake, &old).store(store()).build().session().unwrap();
        fake.clock().advance(HOUR - Duration::from_secs(1));
        builder_with(&fake, &new).store(store()).build().session().unwrap();
        assert!(store().load(&key(&old)).unwrap().is_some());
        fake.clock().advance(DAY);
        builder_with(&fake, &new).store(store()).build().session().unwrap();
        assert!(store().load(&key(&old)).unwrap().is_none());
        assert!(store().load(&key(&new)).unwrap().is_some());
    });
}

/// A store that records the provider's patience.
#[derive(Default)]
struct Patience(std::sync::Mutex<Vec<Duration>>);

impl SessionStore for Patience {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(None)
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(patience);
        renew(None);
        Ok(())
    }
}

#[test]
fn a_provider_waits_for_others_for_the_longest_login() {
    let (fake, store) = (Fake::new(), Arc::new(Patience::default()));
    let token = token(&fake, DAY);
    let seconds = Duration::from_secs;
    let detecting = Credential { hash: HashChoice::Detect, ..credential(&token) };
    let with = |credential, request_timeout: Option<Duration>, retry: Option<RetryPolicy>| {
        let builder = request_timeout.into_iter().fold(requests_to(&fake), Builder::request_timeout);
        let builder = retry.into_iter().fold(builder, Builder::retry);
        builder.provider(credential).store(store.clone()).build().session().unwrap();
        store.0.lock().unwrap().pop().unwrap()
    };
    let once = Some(RetryPolicy::none());
    assert_eq!(with(credential(&token), None, None), seconds(60 + 30 + 60 + 3 * 30));
    assert_eq!(with(detecting.clone(), None, None), seconds(60 + 30 + 4 * 30));
    assert_eq!(with(credential(&token), Some(seconds(5)), once), seconds(4 * 5));
    assert_eq!(with(detecting, Some(seconds(5)), once), seconds(5 * 5));
}
