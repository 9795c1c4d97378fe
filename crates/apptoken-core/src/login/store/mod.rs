//! What a place that keeps sessions must do, and what it keeps.

pub(crate) mod error;
pub(crate) mod key;
pub(crate) mod saved;

use alloc::sync::Arc;

pub use error::{StoreError, StoreErrorKind};
pub use key::SessionKey;
pub use saved::StoredSession;

/// Keeps sessions, so that all who share it share one login.
///
/// The crate `apptoken` has one in memory, for several providers of one process, and one in files, for several processes
/// of one user of a machine. Implement it for what several machines share, such as a database; what is kept is a secret.
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
