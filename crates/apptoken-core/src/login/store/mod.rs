//! Stores of sessions: the trait, and the record that a store holds.

pub(crate) mod error;
pub(crate) mod key;
pub(crate) mod record;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::value::time::UnixSeconds;

pub use error::{StoreError, StoreErrorKind};
pub use key::SessionKey;
pub use record::StoredSession;

/// Stores sessions, so that all providers that use the same store share one login.
///
/// The crate `apptoken` has a store in memory, for several providers in one process, and one in files, for several processes
/// of one user on one machine. `apptoken-store-redis` is for several machines. Implement this trait for another database, and test
/// the store with `apptoken-store-conformance`. A record is a secret.
///
/// A store need not check its records: one that was changed is not restored (see [`StoredSession::restore`]).
///
/// It may fail or panic: the provider logs in by itself, or the next caller does. It must limit every wait, also where its
/// server hangs, and must return [`Locked`](StoreErrorKind::Locked) instead of waiting for its own thread.
pub trait SessionStore {
    /// Returns the session of this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read. The provider reports it as an event and logs in.
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError>;

    /// Calls `renew` under a lock, so that no other user of the store renews the session of this key at the same time.
    ///
    /// `renew` gets the session that is stored once the lock is held, which another provider may just have renewed. The
    /// session that it returns replaces that one; with `None` nothing changes. It is called once, or not at all if the lock
    /// cannot be had, or if another user of the store stored a session while this one waited: call [`load`](Self::load) then.
    ///
    /// A session whose `renew` lost the lock, because it took longer than the lock lasts, must not replace a session of which the
    /// renewal began later.
    ///
    /// `patience` is how long to wait for the lock: the provider passes the longest time of a login. A holder that hangs delays
    /// the others by that time at most; then they log in without the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the session could not be read, locked or written; [`StoreErrorKind::Locked`] if the holder of the lock
    /// did not finish within `patience`, or at once if the holder is the calling thread.
    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError>;

    /// Calls `renew` once with the stored sessions of these keys, and stores the sessions that it returns for them, `None` meaning
    /// no change. Both lists are in the order of the keys. It is for sessions that are started in batches, so it takes no lock.
    ///
    /// A session that was stored by another user of the store after this one read it is not replaced. If the store cannot be
    /// read, `renew` gets `None` for the sessions in question.
    ///
    /// By default it calls the other methods for each key. A store with a server should ask it once.
    ///
    /// # Errors
    ///
    /// The first [`StoreError`], if a session could not be read or written.
    fn renew_many(
        &self,
        keys: &[SessionKey],
        renew: &mut dyn FnMut(Vec<Option<StoredSession>>) -> Vec<Option<StoredSession>>,
    ) -> Result<(), StoreError> {
        let mut failed = None;
        let stored = keys.iter().map(|key| {
            self.load(key).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                None
            })
        });
        let stored: Vec<Option<StoredSession>> = stored.collect();
        let renewed = renew(stored.clone());
        for ((key, before), renewed) in keys.iter().zip(&stored).zip(renewed) {
            let Some(renewed) = renewed else { continue };
            let is_unchanged = |now: &Option<StoredSession>| {
                now.as_ref().map(StoredSession::expose) == before.as_ref().map(StoredSession::expose)
            };
            let written =
                self.renew_exclusively(key, Duration::ZERO, &mut |now| is_unchanged(&now).then(|| renewed.clone()));
            match written {
                // Another user of the store is renewing this session.
                Err(error) if error.kind() == StoreErrorKind::Locked => {}
                Err(error) => drop(failed.get_or_insert(error)),
                Ok(()) => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Removes the [expired](StoredSession::has_ended) records of all keys, by this wall clock. By default it does nothing, for a
    /// store whose records expire in another way.
    ///
    /// The provider calls it after each renewal, so it should be fast. A store may ignore most calls.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a record could not be removed.
    fn remove_ended(&self, _now: UnixSeconds) -> Result<(), StoreError> {
        Ok(())
    }

    /// Ends all waits for a lock soon, and lets later calls not wait, because the program stops. It cannot be undone. By default
    /// it does nothing, so running waits end with their patience.
    fn stop(&self) {}
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        (**self).load(key)
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        (**self).renew_exclusively(key, patience, renew)
    }

    fn renew_many(
        &self,
        keys: &[SessionKey],
        renew: &mut dyn FnMut(Vec<Option<StoredSession>>) -> Vec<Option<StoredSession>>,
    ) -> Result<(), StoreError> {
        (**self).renew_many(keys, renew)
    }

    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        (**self).remove_ended(now)
    }

    fn stop(&self) {
        (**self).stop();
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Box<S> {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        (**self).load(key)
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        (**self).renew_exclusively(key, patience, renew)
    }

    fn renew_many(
        &self,
        keys: &[SessionKey],
        renew: &mut dyn FnMut(Vec<Option<StoredSession>>) -> Vec<Option<StoredSession>>,
    ) -> Result<(), StoreError> {
        (**self).renew_many(keys, renew)
    }

    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        (**self).remove_ended(now)
    }

    fn stop(&self) {
        (**self).stop();
    }
}
