//! The locks of this crate, in one module, so that the tests can replace them with those of loom, a model checker.

use std::ops::Deref;
use std::sync::{Arc, LockResult, TryLockError};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::ThreadId;
use std::{fmt, process};

use arc_swap::ArcSwapOption;

/// Locks, also after a panic in another thread. Without this, one panic of the caller's code would make each later call
/// panic; the data under these locks is consistent at any moment, because no code of the caller's changes it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    recover(mutex.lock())
}

/// Locks, unless another thread has the lock.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The id of the present thread. The model checker has its own threads, so it replaces this function too.
pub(crate) fn this_thread() -> ThreadId {
    std::thread::current().id()
}

/// The guard of a lock, whether or not another thread panicked with it.
pub(crate) fn recover<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A value that each process has for itself.
///
/// In the child of a fork only the thread that forked goes on. A lock that another thread held stays locked there for ever,
/// and nobody does the work that another thread had begun. So the child makes a value of its own, at the first access.
///
/// Two processes are not recognised, as in the transport over ureq: a child with the process id of its parent, in its own PID
/// namespace, and a descendant with the process id of an ancestor that has ended.
pub(crate) struct PerProcess<T, M = fn(Option<&T>) -> T> {
    current: ArcSwapOption<OfProcess<T>>,
    make: M,
}

pub(crate) struct OfProcess<T> {
    process: u32,
    value: T,
}

impl<T, M: Fn(Option<&T>) -> T> PerProcess<T, M> {
    /// `make` makes the value of a process. In the child of a fork it gets the value of the parent, and must neither wait for
    /// a lock in it nor change it.
    pub(crate) const fn new(make: M) -> Self {
        Self { current: ArcSwapOption::const_empty(), make }
    }

    /// The value of this process. Keep it for as long as the guard of a lock in it.
    pub(crate) fn get(&self) -> Arc<OfProcess<T>> {
        let process = process::id();
        loop {
            let current = self.current.load_full();
            let inherited = match current {
                Some(current) if current.process == process => return current,
                inherited => inherited,
            };
            let value = (self.make)(inherited.as_ref().map(|inherited| &inherited.value));
            let own = Some(Arc::new(OfProcess { process, value }));
            // Of several threads that get here at once, the first one's value counts.
            self.current.compare_and_swap(&inherited, own);
        }
    }
}

impl<T, M> fmt::Debug for PerProcess<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess")
    }
}

impl<T> Deref for OfProcess<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// For [`PerProcess::new`]: a lock whose content goes over to the child, or starts empty if another thread held the lock
/// during the fork.
pub(crate) fn inherit_or_default<T: Clone + Default>(inherited: Option<&Mutex<T>>) -> Mutex<T> {
    Mutex::new(inherited.and_then(try_lock).map(|content| content.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_free_lock_is_inherited() {
        let parent = Mutex::new(vec![1]);
        assert_eq!(*lock(&inherit_or_default(Some(&parent))), [1]);
        let _held = lock(&parent);
        assert!(lock(&inherit_or_default(Some(&parent))).is_empty());
    }

    #[test]
    fn all_threads_of_a_process_share_its_value() {
        let value = PerProcess::new(inherit_or_default::<Vec<u32>>);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let value = &value;
                scope.spawn(move || lock(&value.get()).push(number));
            }
        });
        assert_eq!(lock(&value.get()).len(), 8);
    }
}
