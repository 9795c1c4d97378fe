//! The input of every check, and its expectations.

use std::time::Duration;

use apptoken_core::api::app_token::StartedSession;
use apptoken_core::login::Grant;
use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoredSession};
use apptoken_core::{
    AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashType, Ks, Moment, PartnerId, Privileges, Session,
    SessionOptions, SessionType, UnixSeconds,
};

/// Opens the store under test.
pub(crate) type OpenStore<'s> = dyn Fn() -> Box<dyn SessionStore + Send + Sync + 's> + 's;

/// What a store did wrong, if anything.
pub(crate) type Outcome = Result<(), String>;

/// A lock is waited for at most for this long. Only a failing check takes it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::from_secs(1000) };

/// What a session is stored for.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) server: String,
    pub(crate) partner: u32,
    pub(crate) app_token: String,
    pub(crate) user: String,
}

impl Place {
    /// A place of this check alone.
    pub(crate) fn of(check: &str) -> Self {
        let server = format!("https://{}.example.org", check.replace('_', "-"));
        Self { server, partner: 101, app_token: "0_abcd1234".to_owned(), user: "alice".to_owned() }
    }

    pub(crate) fn key(&self) -> Result<SessionKey, String> {
        let endpoint = Endpoint::parse(&self.server).map_err(unexpected)?;
        Ok(SessionKey::new(&endpoint, &self.credential()?, self.options()))
    }

    fn credential(&self) -> Result<Credential, String> {
        let make = || -> Result<Credential, Error> {
            let token = AppTokenSecret::parse("00112233445566778899aabbccddeeff")?;
            let (partner, id) = (PartnerId::new(self.partner)?, AppTokenId::parse(&self.app_token)?);
            Ok(Credential::new(partner, id, token, HashType::Sha256))
        };
        make().map_err(unexpected)
    }

    fn options(&self) -> SessionOptions {
        let mut options = SessionOptions::default();
        options.user_id = Some(self.user.clone());
        options
    }

    /// A session of a day for this place; another one for each number.
    pub(crate) fn session(&self, number: u32) -> Result<StoredSession, String> {
        let make = || -> Result<Session, Error> {
            let started = StartedSession {
                ks: Ks::parse(format!("djJ8MTAxfHNlc3Npb24{number:08}"))?,
                session_type: SessionType::User,
                partner_id: self.partner.into(),
                user_id: self.user.clone(),
                expiry: NOW.wall.plus(Duration::from_secs(86_400)),
                privileges: Privileges::parse("list:*"),
            };
            let server_time = Some(NOW.wall);
            let grant = Grant { started, hash_type: HashType::Sha256, server_time, sent_at: NOW, obtained_at: NOW };
            Session::from_grant(grant, &self.credential().map_err(Error::invalid_input)?, &self.options())
        };
        let (session, token) = (make().map_err(unexpected)?, self.credential()?.token);
        Ok(StoredSession::new(&self.key()?, &token, &session))
    }
}

pub(crate) fn unexpected(error: impl std::fmt::Display) -> String {
    format!("an error that is not the store's: {error}")
}

/// Stores this session.
pub(crate) fn store(store: &dyn SessionStore, key: &SessionKey, session: &StoredSession) -> Outcome {
    let mut calls = 0;
    let written = store.renew_exclusively(key, PATIENCE, &mut |_| {
        calls += 1;
        Some(session.clone())
    });
    written.map_err(failed("renew_exclusively"))?;
    if calls == 1 { Ok(()) } else { Err(format!("`renew` was called {calls} times, with nobody else at the store")) }
}

/// Expects that this session is stored.
pub(crate) fn expect_stored(store: &dyn SessionStore, key: &SessionKey, expected: Option<&StoredSession>) -> Outcome {
    let loaded = store.load(key).map_err(failed("load"))?;
    expect_same(loaded.as_ref(), expected)
}

pub(crate) fn expect_same(found: Option<&StoredSession>, expected: Option<&StoredSession>) -> Outcome {
    match (found, expected) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err("a stored session was not found".to_owned()),
        (Some(_), None) => Err("there is a session that was not stored for this key".to_owned()),
        (Some(found), Some(expected)) if found.expose() == expected.expose() => Ok(()),
        (Some(_), Some(_)) => Err("another session than the stored one was returned, or it was changed".to_owned()),
    }
}

pub(crate) fn failed(method: &'static str) -> impl Fn(StoreError) -> String {
    move |error| format!("`{method}` failed: {error}")
}
