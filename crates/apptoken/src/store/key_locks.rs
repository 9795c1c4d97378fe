use std::collections::BTreeMap;
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::{StoreError, StoreErrorKind};
use crate::sync::{Condvar, Mutex, lock, recover};

/// Locks by key, for the threads of this process: one thread renews the session of a key.
///
/// Unlike a mutex it refuses a thread that already holds the key. Code of the caller's that a renewal calls can come back to
/// the store on the same thread; with a mutex it would wait for itself without end.
pub(super) struct KeyLocks<K> {
    by_key: Mutex<BTreeMap<K, ThreadId>>,
    released: Condvar,
}

impl<K: Ord + Clone> KeyLocks<K> {
    pub(super) const fn new() -> Self {
        Self { by_key: Mutex::new(BTreeMap::new()), released: Condvar::new() }
    }

    /// Takes the key, and waits up to `patience` if another thread holds it.
    pub(super) fn lock(&self, key: K, patience: Duration) -> Result<KeyLock<'_, K>, StoreError> {
        let this_thread = thread::current().id();
        let by_key = lock(&self.by_key);
        let is_held_elsewhere =
            |by_key: &mut BTreeMap<K, ThreadId>| by_key.get(&key).is_some_and(|holder| *holder != this_thread);
        let mut by_key = recover(self.released.wait_timeout_while(by_key, patience, is_held_elsewhere)).0;
        if by_key.contains_key(&key) {
            return Err(StoreError::new(StoreErrorKind::Locked));
        }
        by_key.insert(key.clone(), this_thread);
        Ok(KeyLock { locks: self, key })
    }
}

/// The lock of a key; dropping it releases the key.
pub(super) struct KeyLock<'a, K: Ord + Clone> {
    locks: &'a KeyLocks<K>,
    key: K,
}

impl<K: Ord + Clone> Drop for KeyLock<'_, K> {
    fn drop(&mut self) {
        lock(&self.locks.by_key).remove(&self.key);
        self.locks.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_thread_that_holds_a_key_is_refused_at_once() {
        let locks = KeyLocks::new();
        let lock = locks.lock("a", LONG).unwrap();
        assert_eq!(locks.lock("a", LONG).map(drop).unwrap_err().kind(), StoreErrorKind::Locked);
        assert!(locks.lock("b", LONG).is_ok());
        drop(lock);
        assert!(locks.lock("a", LONG).is_ok());
    }

    #[test]
    fn another_thread_waits_until_the_key_is_released() {
        let locks = KeyLocks::new();
        let lock = locks.lock("a", LONG).unwrap();
        thread::scope(|scope| {
            let refused = scope.spawn(|| locks.lock("a", Duration::ZERO).is_err());
            assert!(refused.join().unwrap());
            let waiting = scope.spawn(|| locks.lock("a", LONG).is_ok());
            drop(lock);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn a_thread_that_panics_releases_its_key() {
        let locks = KeyLocks::new();
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _lock = locks.lock("a", LONG);
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panicking.join().is_err());
        });
        assert!(locks.lock("a", Duration::ZERO).is_ok());
    }
}
