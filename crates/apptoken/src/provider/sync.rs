//! The locks, in one place so that a model checker can put its own in.

use std::sync::LockResult;
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};

/// Goes on after a panic of another thread.
pub(super) fn recover<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(std::sync::PoisonError::into_inner)
}
