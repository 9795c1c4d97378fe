use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::{StoreError, StoreErrorKind};
use crate::sync::{Condvar, Mutex, OfProcess, PerProcess, lock, recover};

/// Locks by key, for the threads of this process: one thread renews the session of a key.
///
/// Unlike a mutex it refuses a thread that already holds the key. Code of the caller's that a renewal calls can come back to
/// the store on the same thread; with a mutex it would wait for itself without end.
///
/// In the child of a fork no key is held: the threads that hold the keys are in the parent.
pub(super) struct KeyLocks<K>(PerProcess<Locks<K>>);

struct Locks<K> {
    by_key: Mutex<BTreeMap<K, ThreadId>>,
    released: Condvar,
}

impl<K: Ord + Clone> KeyLocks<K> {
    pub(super) const fn new() -> Self {
        Self(PerProcess::new(|_| Locks { by_key: Mutex::new(BTreeMap::new()), released: Condvar::new() }))
    }

    /// Takes the key. If another thread holds it, waits up to `patience`, or until [`wake`](Self::wake) after `is_stopped` was
    /// set.
    pub(super) fn lock(&self, key: K, patience: Duration, is_stopped: &AtomicBool) -> Result<KeyLock<K>, StoreError> {
        let this_thread = thread::current().id();
        let locks = self.0.get();
        let mut by_key = lock(&locks.by_key);
        let must_wait = |by_key: &mut BTreeMap<K, ThreadId>| {
            by_key.get(&key).is_some_and(|holder| *holder != this_thread) && !is_stopped.load(Ordering::SeqCst)
        };
        by_key = recover(locks.released.wait_timeout_while(by_key, patience, must_wait)).0;
        if by_key.contains_key(&key) {
            return Err(StoreError::new(StoreErrorKind::Locked));
        }
        by_key.insert(key.clone(), this_thread);
        drop(by_key);
        Ok(KeyLock { locks, key })
    }

    /// Makes all who wait look again whether they are stopped.
    pub(super) fn wake(&self) {
        let locks = self.0.get();
        // Under the lock, so that the wake-up does not happen between a look and its wait.
        let _by_key = lock(&locks.by_key);
        locks.released.notify_all();
    }
}

/// The lock of a key; dropping it releases the key.
pub(super) struct KeyLock<K: Ord> {
    locks: Arc<OfProcess<Locks<K>>>,
    key: K,
}

impl<K: Ord> Drop for KeyLock<K> {
    fn drop(&mut self) {
        lock(&self.locks.by_key).remove(&self.key);
        self.locks.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    static NEVER: AtomicBool = AtomicBool::new(false);

    #[test]
    fn a_thread_that_holds_a_key_is_refused_at_once() {
        let locks = KeyLocks::new();
        let lock = locks.lock("a", LONG, &NEVER).unwrap();
        assert_eq!(locks.lock("a", LONG, &NEVER).map(drop).unwrap_err().kind(), StoreErrorKind::Locked);
        assert!(locks.lock("b", LONG, &NEVER).is_ok());
        drop(lock);
        assert!(locks.lock("a", LONG, &NEVER).is_ok());
    }

    #[test]
    fn another_thread_waits_until_the_key_is_released() {
        let locks = KeyLocks::new();
        let lock = locks.lock("a", LONG, &NEVER).unwrap();
        thread::scope(|scope| {
            let refused = scope.spawn(|| locks.lock("a", Duration::ZERO, &NEVER).is_err());
            assert!(refused.join().unwrap());
            let waiting = scope.spawn(|| locks.lock("a", LONG, &NEVER).is_ok());
            drop(lock);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn a_thread_that_panics_releases_its_key() {
        let locks = KeyLocks::new();
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _lock = locks.lock("a", LONG, &NEVER);
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panicking.join().is_err());
        });
        assert!(locks.lock("a", Duration::ZERO, &NEVER).is_ok());
    }

    #[test]
    fn a_stop_ends_the_wait_for_a_key() {
        let (locks, is_stopped) = (KeyLocks::new(), AtomicBool::new(false));
        let _lock = locks.lock("a", LONG, &NEVER).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| locks.lock("a", LONG, &is_stopped).is_err());
            is_stopped.store(true, Ordering::SeqCst);
            locks.wake();
            assert!(waiting.join().unwrap());
        });
        assert!(locks.lock("b", LONG, &is_stopped).is_ok(), "a key that nobody holds needs no wait");
    }
}
