//! Tokens that are replaced or deleted, or whose sessions are ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::api::{app_token, session, user};
use apptoken::{
    Call, Clock as _, Credential, CredentialSource, Error, ErrorKind, FnSource, HashChoice, HashType, KalturaCode, Ks,
    KsFault, LeasedSession, drive,
};
use apptoken_transport_fake::{Account, Fake, Fault, FaultKind, Token, TokenSpec, TokenStatus};

use super::support::{DAY, HOUR, builder, builder_with, credential, endpoint, logins, partner, requests_to, token};

/// A call with the session, as a program makes it.
fn who_am_i(fake: &Fake) -> impl Fn(&LeasedSession<'_>) -> Result<String, Error> {
    let fake = fake.clone();
    move |session| {
        let call = Call::new(endpoint(), user::Get::default()).with_ks(session.ks().clone());
        Ok(drive(call.start(fake.clock().now())?, &fake, fake.clock())?.id)
    }
}

fn delete(fake: &Fake, token: &Token) {
    let delete = app_token::Delete { id: token.id.clone() };
    let call = Call::new(endpoint(), delete).with_ks(fake.admin_session(partner()).unwrap());
    drive(call.start(fake.clock().now()).unwrap(), fake, fake.clock()).unwrap();
}

fn end_every_session(fake: &Fake, ks: &Ks) {
    let end = session::End::every_session_of_the_app_token_for_a_day();
    let call = Call::new(endpoint(), end).with_ks(ks.clone());
    drive(call.start(fake.clock().now()).unwrap(), fake, fake.clock()).unwrap();
}

/// A source whose token can be changed, and which counts its queries.
#[derive(Clone)]
struct Vault(Arc<Mutex<Credential>>, Arc<AtomicU64>);

impl Vault {
    fn new(credential: Credential) -> Self {
        Self(Arc::new(Mutex::new(credential)), Arc::default())
    }

    fn put(&self, credential: Credential) {
        *self.0.lock().unwrap() = credential;
    }

    fn queries(&self) -> u64 {
        self.1.load(Ordering::SeqCst)
    }
}

impl CredentialSource for Vault {
    fn credential(&self) -> Result<Credential, Error> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.lock().unwrap().clone())
    }
}

fn refused(fault: KsFault) -> impl Fn() -> Result<(), Error> {
    let reason = match fault {
        KsFault::Expired => "EXPIRED",
        KsFault::LoggedOut => "LOGOUT",
        KsFault::ActionsLimitExceeded => "EXCEEDED_ACTIONS_LIMIT",
        KsFault::RestrictedIp => "EXCEEDED_RESTRICTED_IP",
        KsFault::RestrictedUri => "EXCEEDED_RESTRICTED_URI",
        _ => "djJ8MTAxfGZvcmVpZ24=",
    };
    let message = format!(r#"Invalid KS "{reason}", Error "-1,INVALID_STR""#);
    move || Err(Error::from_kaltura("INVALID_KS", &message))
}

#[test]
fn a_call_is_retried_once_if_a_new_session_fixes_its_error() {
    for (fault, calls) in [
        (KsFault::Expired, 2),
        (KsFault::ActionsLimitExceeded, 2),
        (KsFault::LoggedOut, 2),
        (KsFault::RestrictedIp, 1),
        (KsFault::RestrictedUri, 1),
        (KsFault::NotRecognised, 1),
    ] {
        let fake = Fake::new();
        let provider = builder(&fake).build();
        let (refuse, mut seen) = (refused(fault), Vec::new());
        let error = provider
            .with_session(|session| {
                seen.push(session.ks().fingerprint());
                refuse()
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)));
        assert_eq!((seen.len(), logins(&fake)), (calls, calls as u64), "{fault:?}");
        seen.dedup();
        assert_eq!(seen.len(), calls, "each call with another session");
    }
}

#[test]
fn other_errors_are_returned_to_the_caller() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let mut calls = 0;
    let error = provider
        .with_session(|_| -> Result<(), Error> {
            calls += 1;
            Err(Error::invalid_input("mine"))
        })
        .unwrap_err();
    assert_eq!((error.kind(), calls, logins(&fake)), (ErrorKind::InvalidInput, 1, 1));
}

#[test]
fn an_expired_session_is_replaced_within_one_call() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let call = who_am_i(&fake);
    assert_eq!(provider.with_session(&call).unwrap(), "alice");
    // The provider's clocks do not move, as if the wall clock was set back while the machine was suspended.
    let frozen = fake.clock().now();
    let sleeper = requests_to(&fake).clock(Stopped(frozen)).provider(credential(&token(&fake, DAY))).build();
    assert_eq!(sleeper.with_session(&call).unwrap(), "alice");
    fake.clock().advance(DAY);
    assert_eq!(sleeper.with_session(&call).unwrap(), "alice");
    assert_eq!(logins(&fake), 3);
}

pub(super) struct Stopped(pub(super) apptoken::Moment);

impl apptoken::Clock for Stopped {
    fn now(&self) -> apptoken::Moment {
        self.0
    }

    fn sleep(&self, _: std::time::Duration) {}
}

#[test]
fn a_deleted_token_is_a_permanent_error_and_no_loop() {
    let fake = Fake::new();
    let own = token(&fake, DAY);
    let vault = Vault::new(credential(&own));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    let call = who_am_i(&fake);
    provider.with_session(&call).unwrap();
    delete(&fake, &own);
    let before = fake.journal().requests();
    for _ in 0..50 {
        let error = provider.with_session(&call).unwrap_err();
        assert_eq!(error.code(), Some("APP_TOKEN_ID_NOT_FOUND"));
    }
    assert!(fake.journal().requests() - before <= 3, "{}", fake.journal().requests() - before);
    assert_eq!(vault.queries(), 4, "at first, for the login after LOGOUT, after its refusal, and once in the pause");
}

/// Regression: the server caches errors to callers with a widget session for 120 s, and a renewal was the same request as the
/// refused one, so it got the same error after the token was enabled again.
#[test]
fn a_renewal_after_a_refusal_is_not_answered_from_the_cache() {
    let fake = Fake::builder().response_cache(true).build();
    fake.add_account(Account::new(partner()));
    let own = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let provider = builder_with(&fake, &own).build();
    fake.set_token_status(&own.id, TokenStatus::Disabled);
    let refused = ErrorKind::Kaltura(KalturaCode::AppTokenNotActive);
    assert_eq!(provider.session().unwrap_err().kind(), refused);
    assert_eq!(provider.start_many(["alice"]).pop().unwrap().session.unwrap_err().kind(), refused);
    fake.set_token_status(&own.id, TokenStatus::Active);
    assert!(provider.start_many(["alice"]).pop().unwrap().session.is_ok());
    // The pause after a refusal.
    fake.clock().advance(Duration::from_secs(60));
    assert!(provider.session().is_ok());
}

#[test]
fn ended_sessions_of_a_token_are_a_permanent_error_and_no_loop() {
    let fake = Fake::new();
    let provider = builder(&fake).build();
    let call = who_am_i(&fake);
    provider.with_session(&call).unwrap();
    end_every_session(&fake, provider.session().unwrap().ks());
    let before = fake.journal().requests();
    for _ in 0..50 {
        let error = provider.with_session(&call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)));
    }
    assert_eq!(fake.journal().requests() - before, 3, "call, login, call");
}

#[test]
fn a_rotated_token_needs_no_restart() {
    let fake = Fake::new();
    let old = token(&fake, DAY);
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    let call = who_am_i(&fake);
    for rotations in 0..5 {
        assert_eq!(provider.with_session(&call).unwrap(), "alice");
        let new = token(&fake, DAY);
        let replaced = vault.credential().unwrap();
        vault.put(credential(&new));
        delete(&fake, &fake.token(&replaced.id).unwrap());
        assert_eq!(provider.with_session(&call).unwrap(), "alice");
        assert_eq!(provider.session().unwrap().app_token(), &new.id);
        assert_eq!(logins(&fake), 2 + rotations);
        // With or without a regular renewal before the next rotation, that is not a second logout in a row.
    }
}

#[test]
fn a_renewal_uses_the_rotated_token() {
    let fake = Fake::new();
    let old = token(&fake, DAY);
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    provider.session().unwrap();
    let new = token(&fake, DAY);
    vault.put(credential(&new));
    delete(&fake, &old);
    fake.clock().advance(DAY * 9 / 10);
    assert_eq!(
        provider.session().unwrap().app_token(),
        &new.id,
        "in the advisory window, before the old token is refused"
    );
}

#[test]
fn after_a_refusal_the_source_is_queried_at_once() {
    for (code, queries) in [
        ("INVALID_APP_TOKEN_HASH", 2),
        ("APP_TOKEN_ID_NOT_FOUND", 2),
        ("APP_TOKEN_EXPIRED", 2),
        ("SERVICE_FORBIDDEN", 1),
    ] {
        let fake = Fake::new();
        let vault = Vault::new(credential(&token(&fake, DAY)));
        let provider = requests_to(&fake).provider(vault.clone()).build();
        fake.inject(Fault::on("appToken.startSession", FaultKind::ApiError(code.into())));
        assert_eq!(provider.session().unwrap_err().code(), Some(code));
        assert_eq!(vault.queries(), queries, "{code}");
    }
}

/// Regression: the new token was not used while the old one still worked.
#[test]
fn a_new_token_is_used_from_the_next_renewal_on() {
    let fake = Fake::new();
    let (old, new) = (token(&fake, DAY), token(&fake, DAY));
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    provider.session().unwrap();
    vault.put(credential(&new));
    assert_eq!(provider.session().unwrap().app_token(), &old.id);
    fake.clock().advance(DAY * 9 / 10);
    assert_eq!(provider.session().unwrap().app_token(), &new.id);
    assert!(fake.journal().entries().all(|entry| entry.outcome == "ok"));
}

#[test]
fn a_reload_uses_a_new_token_now() {
    let fake = Fake::new();
    let (old, new) = (token(&fake, DAY), token(&fake, DAY));
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    provider.session().unwrap();
    assert!(!provider.reload().unwrap());
    vault.put(credential(&new));
    assert!(provider.reload().unwrap());
    assert_eq!((provider.session().unwrap().app_token(), logins(&fake)), (&new.id, 2));
    // A token that does not work is an error, and the present session stays.
    vault.put(Credential { token: old.secret, ..credential(&new) });
    assert_eq!(provider.reload().unwrap_err().code(), Some("INVALID_APP_TOKEN_HASH"));
    assert_eq!(provider.session().unwrap().app_token(), &new.id);
}

/// Regression: after a refusal there were up to 60 s of errors although the source already had a new token.
#[test]
fn a_new_token_ends_the_pause_after_a_refusal() {
    let fake = Fake::new();
    let (old, new) = (token(&fake, DAY), token(&fake, DAY));
    delete(&fake, &old);
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    let bob = provider.with_options(Default::default());
    for _ in 0..3 {
        provider.session().unwrap_err();
        bob.session().unwrap_err();
    }
    let queries = vault.queries();
    vault.put(credential(&new));
    provider.session().unwrap_err();
    assert_eq!(vault.queries(), queries, "the source is not queried at each call");
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert_eq!(provider.session().unwrap().app_token(), &new.id);
    assert_eq!(bob.session().unwrap().app_token(), &new.id);
}

#[test]
fn an_unchanged_source_is_queried_at_growing_intervals() {
    let fake = Fake::new();
    let old = token(&fake, DAY);
    delete(&fake, &old);
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    let (mut asked_at, mut before) = (Vec::new(), 0);
    for second in 0..50 {
        provider.session().unwrap_err();
        if vault.queries() > before {
            asked_at.push(second);
            before = vault.queries();
        }
        fake.clock().advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(asked_at, [0, 1, 2, 4, 8, 16, 32]);
}

#[test]
fn a_renewal_continues_if_the_source_fails() {
    let fake = Fake::new();
    let own = credential(&token(&fake, DAY));
    let attempts = AtomicU64::new(0);
    let source = FnSource::new(move || match attempts.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(own.clone()),
        _ => Err(Error::invalid_input("the vault is sealed")),
    });
    let notes = super::support::Notes::default();
    let provider = requests_to(&fake).provider(source).observer(notes.clone());
    let provider = provider.build();
    provider.session().unwrap();
    fake.clock().advance(DAY);
    provider.session().unwrap();
    assert_eq!(logins(&fake), 2);
    assert!(notes.take().iter().any(|note| note.contains("the vault is sealed")));
}

/// A worker under load, while an administrator rotates its token: no call fails.
#[test]
fn rotations_under_load_fail_no_call() {
    let fake = Fake::new();
    let vault = Vault::new(credential(&token(&fake, HOUR)));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    let call = who_am_i(&fake);
    let mut replaced: Option<Token> = None;
    for minute in 0..3 * 24 * 60 {
        // A new token every three hours; the old one is deleted once its last session must have been renewed.
        if minute % 180 == 60 {
            replaced = fake.token(&vault.0.lock().unwrap().id);
            vault.put(credential(&token(&fake, HOUR)));
        }
        if minute % 180 == 121 {
            delete(&fake, &replaced.take().unwrap());
        }
        assert_eq!(provider.with_session(&call).unwrap(), "alice", "minute {minute}");
        fake.clock().advance(std::time::Duration::from_secs(60));
    }
    assert!(fake.journal().entries().all(|entry| entry.outcome == "ok"));
}

#[test]
fn a_hash_type_is_detected_once() {
    let fake = Fake::new();
    let own = token(&fake, DAY);
    let found = Credential { hash: HashChoice::Detect, ..credential(&own) };
    let provider = requests_to(&fake).provider(FnSource::new(move || Ok(found.clone()))).build();
    assert_eq!(provider.session().unwrap().hash_type(), HashType::Sha256);
    let requests = fake.journal().requests();
    fake.clock().advance(DAY / 2);
    provider.invalidate(provider.session().unwrap().ks());
    provider.session().unwrap();
    assert_eq!(fake.journal().requests(), requests + 1);
}

#[test]
fn a_hash_type_that_changes_is_detected_again() {
    let fake = Fake::new();
    let own = token(&fake, DAY);
    let provider = requests_to(&fake).provider(Credential { hash: HashChoice::Detect, ..credential(&own) }).build();
    assert_eq!(provider.session().unwrap().hash_type(), HashType::Sha256);
    let changes = app_token::AppTokenChanges { hash_type: Some(HashType::Sha512), ..Default::default() };
    let update = Call::new(endpoint(), app_token::Update { id: own.id.clone(), changes });
    let update = update.with_ks(fake.admin_session(partner()).unwrap());
    drive(update.start(fake.clock().now()).unwrap(), &fake, fake.clock()).unwrap();
    fake.clock().advance(DAY);
    assert_eq!(provider.session().unwrap().hash_type(), HashType::Sha512);
    assert_eq!(logins(&fake), 2);
}

/// The value is wrong, so no hash type fits; then an administrator corrects it.
#[test]
fn a_detection_that_found_nothing_is_repeated_with_the_next_token() {
    let fake = Fake::new();
    let (own, other) = (token(&fake, DAY), token(&fake, DAY));
    let detecting =
        |secret: &Token| Credential { token: secret.secret.clone(), hash: HashChoice::Detect, ..credential(&own) };
    let vault = Vault::new(detecting(&other));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    assert_eq!(provider.session().unwrap_err().code(), Some("INVALID_APP_TOKEN_HASH"));
    vault.put(detecting(&own));
    fake.clock().advance(HOUR);
    assert_eq!(provider.session().unwrap().hash_type(), HashType::Sha256);
}

#[test]
fn the_users_of_a_batch_get_the_rotated_token() {
    let fake = Fake::new();
    let open = || fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let (old, new) = (open(), open());
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    assert!(provider.start_many(["a"])[0].session.is_ok());
    vault.put(credential(&new));
    delete(&fake, &old);
    let sessions = provider.start_many(["b", "c"]);
    let tokens: Vec<_> = sessions.iter().map(|user| user.session.as_ref().unwrap().app_token()).collect();
    assert_eq!(tokens, [&new.id, &new.id]);
    delete(&fake, &new);
    let refused = provider.start_many(["d"]);
    assert_eq!(refused[0].session.as_ref().unwrap_err().code(), Some("APP_TOKEN_ID_NOT_FOUND"));
}

/// The token is replaced after the batch has taken it from the source.
#[test]
fn a_batch_whose_token_was_just_replaced_is_retried_once() {
    let fake = Fake::new();
    let open = || fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let (old, new) = (open(), open());
    delete(&fake, &old);
    let queries = AtomicU64::new(0);
    let (before, after) = (credential(&old), credential(&new));
    let source = FnSource::new(move || {
        let is_first = queries.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(if is_first { before.clone() } else { after.clone() })
    });
    let sessions = requests_to(&fake).provider(source).build().start_many(["a", "b"]);
    let tokens: Vec<_> = sessions.iter().map(|user| user.session.as_ref().unwrap().app_token()).collect();
    assert_eq!(tokens, [&new.id, &new.id]);
}

#[test]
fn a_wait_for_a_session_queries_the_source_again() {
    let fake = Fake::new();
    let (old, new) = (token(&fake, DAY), token(&fake, DAY));
    delete(&fake, &old);
    let vault = Vault::new(credential(&old));
    let provider = requests_to(&fake).provider(vault.clone()).build();
    provider.session().unwrap_err();
    fake.clock().advance(Duration::from_secs(1));
    assert_eq!(provider.session_within(Duration::ZERO).unwrap_err().code(), Some("APP_TOKEN_ID_NOT_FOUND"));
    vault.put(credential(&new));
    fake.clock().advance(Duration::from_secs(30));
    let session = provider.session_within(HOUR).unwrap().unwrap();
    assert_eq!(session.app_token(), &new.id);
}

#[test]
fn a_failing_source_is_reported_and_queried_again() {
    let fake = Fake::new();
    let own = credential(&token(&fake, DAY));
    let attempts = AtomicU64::new(0);
    let source = FnSource::new(move || match attempts.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Error::invalid_input("the vault is sealed")),
        _ => Ok(own.clone()),
    });
    let provider = requests_to(&fake).provider(source).build();
    assert_eq!(provider.session().unwrap_err().to_string(), "the vault is sealed");
    fake.clock().advance(std::time::Duration::from_secs(60));
    assert!(provider.session().is_ok());
}
