//! One caller does the work (the leader), the others wait for its result.

use std::convert::Infallible;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, recover};

/// For [`SingleFlight::join`]: waits without a limit.
pub(crate) fn no_limit() -> Result<Option<Duration>, Infallible> {
    Ok(None)
}

/// A state, and at most one leader that works on changing it.
///
/// The leader works without holding the lock; the others wait. A leader that gives up or panics leaves the work to the
/// next one.
pub(crate) struct SingleFlight<S, T> {
    inner: Mutex<Inner<S, T>>,
    ended: Condvar,
}

struct Inner<S, T> {
    state: S,
    under_way: bool,
    /// How often a leader has finished.
    finished: u64,
    latest: Option<T>,
}

/// What a caller needs, in view of the state.
pub(crate) enum Next<T, N> {
    /// Nothing: this is the answer.
    Answer(T),
    /// The work, of which the caller is the leader, with this note, unless somebody else is.
    Lead(N),
    /// The result of another caller's work.
    Wait,
}

/// What a caller has become by joining.
pub(crate) enum Role<'a, S, T: Clone, N> {
    /// Nothing more: it has its answer.
    Answered(T),
    /// The leader.
    Leader(Leader<'a, S, T>, N),
}

/// What a caller sees when it decides.
pub(crate) struct Situation<'a, T> {
    /// Whether there is a leader.
    pub(crate) under_way: bool,
    /// The latest result, if a leader has finished since the caller joined.
    pub(crate) latest: Option<&'a T>,
}

impl<S, T: Clone> SingleFlight<S, T> {
    pub(crate) fn new(state: S) -> Self {
        Self { inner: Mutex::new(Inner { state, under_way: false, finished: 0, latest: None }), ended: Condvar::new() }
    }

    /// Looks at the state, and at whether there is a leader.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut S, bool) -> R) -> R {
        let inner = &mut *self.lock();
        look(&mut inner.state, inner.under_way)
    }

    /// Calls `decide` until it has an answer or the caller is to lead, and waits in between.
    ///
    /// `left` returns how long the caller can still wait, `None` for no limit, or ends the waiting with an error.
    pub(crate) fn join<N, L>(
        &self,
        mut left: impl FnMut() -> Result<Option<Duration>, L>,
        mut decide: impl FnMut(&mut S, Situation<'_, T>) -> Next<T, N>,
    ) -> Result<Role<'_, S, T, N>, L> {
        let mut guard = self.lock();
        let finished_before = guard.finished;
        loop {
            let Inner { state, under_way, finished, latest } = &mut *guard;
            let latest = latest.as_ref().filter(|_| *finished != finished_before);
            match decide(state, Situation { under_way: *under_way, latest }) {
                Next::Answer(answer) => return Ok(Role::Answered(answer)),
                Next::Lead(note) if !*under_way => {
                    *under_way = true;
                    return Ok(Role::Leader(Leader { flight: self, finished: false }, note));
                }
                Next::Lead(_) | Next::Wait => {}
            }
            guard = match left()? {
                None => recover(self.ended.wait(guard)),
                Some(left) => recover(self.ended.wait_timeout(guard, left)).0,
            };
        }
    }

    /// Of callers' code only their clock is read under the lock, so that no panic leaves the state half changed.
    fn lock(&self) -> MutexGuard<'_, Inner<S, T>> {
        recover(self.inner.lock())
    }
}

/// The caller that does the work.
pub(crate) struct Leader<'a, S, T: Clone> {
    flight: &'a SingleFlight<S, T>,
    finished: bool,
}

impl<S, T: Clone> Leader<'_, S, T> {
    /// Ends the work: changes the state and gives everybody who waited the same answer.
    pub(crate) fn finish(mut self, change: impl FnOnce(&mut S) -> T) -> T {
        let mut guard = self.flight.lock();
        let answer = change(&mut guard.state);
        guard.finished = guard.finished.wrapping_add(1);
        guard.latest = Some(answer.clone());
        guard.under_way = false;
        drop(guard);
        self.finished = true;
        self.flight.ended.notify_all();
        answer
    }
}

impl<S, T: Clone> Drop for Leader<'_, S, T> {
    fn drop(&mut self) {
        if !self.finished {
            self.flight.lock().under_way = false;
            self.flight.ended.notify_all();
        }
    }
}
