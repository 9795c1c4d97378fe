//! What a place that keeps sessions must do, and what it keeps.

pub(crate) mod error;
pub(crate) mod key;
pub(crate) mod record;

use alloc::sync::Arc;
use core::time::Duration;

use crate::value::time::UnixSeconds;

pub use error::{StoreError, StoreErrorKind};
pub use key::SessionKey;
pub use record::StoredSession;

/// Keeps sessions, so that all who share it share one login.
///
/// The crate `apptoken` has one in memory, for several providers of one process, and one in files, for several processes
/// of one user of a machine. Implement it for what several machines share, such as a database; what is kept is a secret.
///
/// A store need not check what it keeps: a record that somebody changed does not become a session (see
/// [`StoredSession::restore`]).
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
    /// `patience` is how long to wait for another who renews: the provider gives the longest time that a login takes. One
    /// that hangs for longer delays everybody else by that much, and no more: they log in by themselves then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the session could not be read, locked or kept; [`StoreErrorKind::Locked`] if another did not
    /// finish within `patience`, or at once if that other is the calling thread itself.
    fn exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError>;

    /// Removes the records [that have ended](StoredSession::has_ended) by this wall clock, of whatever key; a store can
    /// leave it to something else, as by default.
    ///
    /// The provider calls it after each renewal, so it should be quick: a store may skip most calls.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a record could not be removed.
    fn remove_ended(&self, _now: UnixSeconds) -> Result<(), StoreError> {
        Ok(())
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        (**self).load(key)
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        (**self).exclusively(key, patience, renew)
    }

    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        (**self).remove_ended(now)
    }
}
