use std::collections::BTreeMap;
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::{StoreError, StoreErrorKind};
use crate::sync::{Condvar, Mutex, lock, recover};

/// Which threads of this process are renewing which sessions: one thread for each key.
///
/// Unlike a mutex it refuses a thread that comes back for what it holds, which would otherwise wait for itself.
pub(super) struct Holders<K> {
    by_key: Mutex<BTreeMap<K, ThreadId>>,
    released: Condvar,
}

impl<K: Ord + Clone> Holders<K> {
    pub(super) const fn new() -> Self {
        Self { by_key: Mutex::new(BTreeMap::new()), released: Condvar::new() }
    }

    /// Waits up to `patience` for the thread that holds the key.
    pub(super) fn hold(&self, key: K, patience: Duration) -> Result<Hold<'_, K>, StoreError> {
        let this_thread = thread::current().id();
        let by_key = lock(&self.by_key);
        let is_held_elsewhere =
            |by_key: &mut BTreeMap<K, ThreadId>| by_key.get(&key).is_some_and(|holder| *holder != this_thread);
        let mut by_key = recover(self.released.wait_timeout_while(by_key, patience, is_held_elsewhere)).0;
        if by_key.contains_key(&key) {
            return Err(StoreError::new(StoreErrorKind::Locked));
        }
        by_key.insert(key.clone(), this_thread);
        Ok(Hold { holders: self, key })
    }
}

/// A key that is held, until this is dropped.
pub(super) struct Hold<'a, K: Ord + Clone> {
    holders: &'a Holders<K>,
    key: K,
}

impl<K: Ord + Clone> Drop for Hold<'_, K> {
    fn drop(&mut self) {
        lock(&self.holders.by_key).remove(&self.key);
        self.holders.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_thread_that_holds_a_key_is_refused_at_once() {
        let holders = Holders::new();
        let hold = holders.hold("a", LONG).unwrap();
        assert_eq!(holders.hold("a", LONG).map(drop).unwrap_err().kind(), StoreErrorKind::Locked);
        assert!(holders.hold("b", LONG).is_ok());
        drop(hold);
        assert!(holders.hold("a", LONG).is_ok());
    }

    #[test]
    fn another_thread_waits_until_the_key_is_released() {
        let holders = Holders::new();
        let hold = holders.hold("a", LONG).unwrap();
        thread::scope(|scope| {
            let refused = scope.spawn(|| holders.hold("a", Duration::ZERO).is_err());
            assert!(refused.join().unwrap());
            let waiting = scope.spawn(|| holders.hold("a", LONG).is_ok());
            drop(hold);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn a_thread_that_panics_releases_its_key() {
        let holders = Holders::new();
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _hold = holders.hold("a", LONG);
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panicking.join().is_err());
        });
        assert!(holders.hold("a", Duration::ZERO).is_ok());
    }
}
