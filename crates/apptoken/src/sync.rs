//! The locks of this crate, in one module, so that the tests can replace them with those of loom, a model checker.

use std::sync::LockResult;
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::ThreadId;

/// Locks, also after a panic in another thread. Without this, one panic of the caller's code would make each later call
/// panic; the data under these locks is consistent at any moment, because no code of the caller's changes it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    recover(mutex.lock())
}

/// The id of the present thread. The model checker has its own threads, so it replaces this function too.
pub(crate) fn this_thread() -> ThreadId {
    std::thread::current().id()
}

/// The guard of a lock, whether or not another thread panicked with it.
pub(crate) fn recover<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}
