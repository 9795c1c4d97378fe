//! One caller does the work (the leader), the others wait for its result.

use std::convert::Infallible;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, ThreadId, recover, this_thread};

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
    leader: Option<ThreadId>,
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
    /// Nothing: the work that it would wait for is its own. It was called by code that the work calls, such as a transport
    /// or an observer, and would wait for itself for ever.
    Reentrant,
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
        Self { inner: Mutex::new(Inner { state, leader: None, finished: 0, latest: None }), ended: Condvar::new() }
    }

    /// Looks at the state.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.lock().state)
    }

    /// Changes the state without being the leader. Who waits looks at the state again: it may be all they need.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = change(&mut self.lock().state);
        self.ended.notify_all();
        result
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
            let Inner { state, leader, finished, latest } = &mut *guard;
            let latest = latest.as_ref().filter(|_| *finished != finished_before);
            match decide(state, Situation { under_way: leader.is_some(), latest }) {
                Next::Answer(answer) => return Ok(Role::Answered(answer)),
                Next::Lead(note) if leader.is_none() => {
                    *leader = Some(this_thread());
                    return Ok(Role::Leader(Leader { flight: self, finished: false }, note));
                }
                Next::Lead(_) | Next::Wait if *leader == Some(this_thread()) => return Ok(Role::Reentrant),
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
        guard.leader = None;
        drop(guard);
        self.finished = true;
        self.flight.ended.notify_all();
        answer
    }
}

impl<S, T: Clone> Drop for Leader<'_, S, T> {
    fn drop(&mut self) {
        if !self.finished {
            self.flight.lock().leader = None;
            self.flight.ended.notify_all();
        }
    }
}
