//! The locks, in one place so that a model checker can put its own in.

use std::sync::LockResult;
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::ThreadId;

/// Locks, also after a panic of another thread: what these locks guard is whole at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    recover(mutex.lock())
}

/// The thread that calls.
pub(crate) fn this_thread() -> ThreadId {
    std::thread::current().id()
}

/// Goes on after a panic of another thread.
pub(crate) fn recover<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}
