//! Where sessions are kept beyond one provider or one process.

mod error;
mod file;
mod memory;
mod record;

use std::fmt;
use std::sync::Arc;

use apptoken_core::{AppTokenId, Endpoint, PartnerId, SessionOptions};

pub use error::{StoreError, StoreErrorKind};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use record::StoredSession;

/// Keeps sessions, so that all who share it share one login.
///
/// [`MemoryStore`] is for several providers of one process, [`FileStore`] for several processes of one user of a machine.
/// Implement it for what several machines share, such as a database; what is kept is a secret.
pub trait SessionStore {
    /// Gives the session of this key, if one is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read. The provider reports it as an event and logs in by itself.
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError>;

    /// Runs `renew` while nobody else who shares the store renews the session of this key.
    ///
    /// `renew` gets the session that is kept by then, which another may just have renewed. What it returns is kept in its
    /// place; with `None` nothing changes. It is called once, or not at all if that cannot be made sure.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the session could not be read, locked or kept.
    fn exclusively(
        &self,
        key: &SessionKey,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError>;
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        (**self).load(key)
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        (**self).exclusively(key, renew)
    }
}

/// What a session is kept under: the server, the account, the app token's id, and what was asked of the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    endpoint: String,
    partner: PartnerId,
    app_token: AppTokenId,
    options: SessionOptions,
}

impl SessionKey {
    /// The key of these sessions.
    #[must_use]
    pub fn new(endpoint: &Endpoint, partner: PartnerId, app_token: AppTokenId, options: SessionOptions) -> Self {
        Self { endpoint: endpoint.as_str().to_owned(), partner, app_token, options }
    }

    /// The account.
    #[must_use]
    pub fn partner(&self) -> PartnerId {
        self.partner
    }

    /// The app token.
    #[must_use]
    pub fn app_token(&self) -> &AppTokenId {
        &self.app_token
    }
}

/// One line that differs for different keys; it holds no secret.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, partner, app_token, options } = self;
        let options = serde_json::to_string(options).map_err(|_| fmt::Error)?;
        write!(f, "{endpoint} {partner} {app_token} {options}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apptoken_core::{Privileges, SessionType};

    #[test]
    fn keys_are_one_line_and_differ_by_all_that_makes_a_session() {
        let key = |change: fn(&mut SessionOptions)| {
            let mut options = SessionOptions::default();
            change(&mut options);
            let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
            SessionKey::new(&endpoint, PartnerId::new(7).unwrap(), AppTokenId::parse("1_a").unwrap(), options)
                .to_string()
        };
        let keys = [
            key(|_| {}),
            key(|options| options.user_id = Some("a b\" {}".into())),
            key(|options| options.session_type = Some(SessionType::Admin)),
            key(|options| options.lifetime = Some(std::time::Duration::from_secs(60))),
            key(|options| options.privileges = Some(Privileges::parse("list:*"))),
        ];
        assert_eq!(keys[0], "https://www.kaltura.com/api_v3 7 1_a {}");
        for (position, key) in keys.iter().enumerate() {
            assert!(!key.contains('\n') && keys.iter().skip(position + 1).all(|other| other != key), "{key}");
        }
    }
}
