//! One goes and fetches, the others wait for what he brings.

use std::convert::Infallible;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, recover};

/// For [`Flight::join`]: waits for ever.
pub(crate) fn for_ever() -> Result<Option<Duration>, Infallible> {
    Ok(None)
}

/// Some state, and at most one flight that is to change it.
///
/// Whoever finds that a flight is needed leads it, without holding the lock; the others wait. A leader who gives up or
/// panics leaves the flight to the next one.
pub(crate) struct Flight<S, T> {
    inner: Mutex<Inner<S, T>>,
    ended: Condvar,
}

struct Inner<S, T> {
    state: S,
    under_way: bool,
    landings: u64,
    brought: Option<T>,
}

/// What a caller finds out about the state.
pub(crate) enum Need<T, N> {
    /// Nothing: this is the answer.
    Answer(T),
    /// A flight, which the caller leads, with this note, if none is under way.
    Flight(N),
    /// A flight that somebody else leads.
    Wait,
}

/// How joining ended.
pub(crate) enum Joined<'a, S, T: Clone, N> {
    /// With an answer.
    Answer(T),
    /// The caller leads.
    Lead(Pilot<'a, S, T>, N),
}

/// How things stand when a caller decides.
pub(crate) struct Situation<'a, T> {
    /// Whether a flight is under way.
    pub(crate) under_way: bool,
    /// What a flight brought that landed while the caller waited.
    pub(crate) brought: Option<&'a T>,
}

impl<S, T: Clone> Flight<S, T> {
    pub(crate) fn new(state: S) -> Self {
        Self { inner: Mutex::new(Inner { state, under_way: false, landings: 0, brought: None }), ended: Condvar::new() }
    }

    /// Looks at the state, and at whether a flight is under way.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut S, bool) -> R) -> R {
        let inner = &mut *self.lock();
        look(&mut inner.state, inner.under_way)
    }

    /// Asks `decide` until it has an answer or a flight is to be led, and waits in between.
    ///
    /// `left` tells how long the caller can still wait, `None` for ever, or ends the waiting with an error.
    pub(crate) fn join<N, L>(
        &self,
        mut left: impl FnMut() -> Result<Option<Duration>, L>,
        mut decide: impl FnMut(&mut S, Situation<'_, T>) -> Need<T, N>,
    ) -> Result<Joined<'_, S, T, N>, L> {
        let mut guard = self.lock();
        let landings = guard.landings;
        loop {
            let Inner { state, under_way, landings: now, brought } = &mut *guard;
            let brought = brought.as_ref().filter(|_| *now != landings);
            match decide(state, Situation { under_way: *under_way, brought }) {
                Need::Answer(answer) => return Ok(Joined::Answer(answer)),
                Need::Flight(note) if !*under_way => {
                    *under_way = true;
                    return Ok(Joined::Lead(Pilot { flight: self, landed: false }, note));
                }
                Need::Flight(_) | Need::Wait => {}
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

/// Who leads a flight.
pub(crate) struct Pilot<'a, S, T: Clone> {
    flight: &'a Flight<S, T>,
    landed: bool,
}

impl<S, T: Clone> Pilot<'_, S, T> {
    /// Ends the flight: changes the state and gives everybody who waited the same answer.
    pub(crate) fn land(mut self, change: impl FnOnce(&mut S) -> T) -> T {
        let mut guard = self.flight.lock();
        let answer = change(&mut guard.state);
        guard.landings = guard.landings.wrapping_add(1);
        guard.brought = Some(answer.clone());
        guard.under_way = false;
        drop(guard);
        self.landed = true;
        self.flight.ended.notify_all();
        answer
    }
}

impl<S, T: Clone> Drop for Pilot<'_, S, T> {
    fn drop(&mut self) {
        if !self.landed {
            self.flight.lock().under_way = false;
            self.flight.ended.notify_all();
        }
    }
}
