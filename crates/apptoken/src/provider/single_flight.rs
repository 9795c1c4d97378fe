//! Single flight: one caller does the work (the leader), the others wait for its result (the waiters).

use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, PerProcess, ThreadId, recover, this_thread, try_lock};

/// A state, and at most one leader that works on changing it.
///
/// The leader works without the lock, because its work is a login that calls the caller's code and takes seconds. If it
/// gives up or panics, a waiter becomes the leader.
///
/// The child of a fork has its own lock and no leader: the leader of the parent works in the parent only.
pub(crate) struct SingleFlight<S, T> {
    current: PerProcess<Shared<S, T>, MakeShared<S, T>>,
}

type MakeShared<S, T> = Box<dyn Fn(Option<&Shared<S, T>>) -> Shared<S, T> + Send + Sync>;

/// What the threads of one process share.
struct Shared<S, T> {
    inner: Mutex<Inner<S, T>>,
    ended: Condvar,
}

struct Inner<S, T> {
    state: S,
    /// The thread, and not only whether there is one: it shows that the leader called back and would wait for itself.
    leader: Option<ThreadId>,
    /// The number of leaders that finished.
    finished: u64,
    latest: Option<T>,
}

/// What a caller needs in view of the state.
pub(crate) enum Next<T, N> {
    /// This answer, without any work.
    Answer(T),
    /// The work. The caller becomes the leader and gets this note back, unless there is a leader.
    Lead(N),
    /// The result of another caller's work.
    Wait,
}

/// The role of a caller after it joined.
pub(crate) enum Role<'a, S: 'static, T: Clone + 'static, N> {
    /// It has its answer.
    Answered(T),
    /// It leads the work.
    Leader(Leader<'a, S, T>, N),
    /// It is the leader already: code that the work calls, such as a transport or an observer, called back. It would wait
    /// for itself without end.
    Reentrant,
}

/// What a caller sees when it decides.
pub(crate) struct Situation<'a, T> {
    /// Whether there is a leader.
    pub(crate) under_way: bool,
    /// The latest result, if a leader finished since the caller joined. An older result may answer another question.
    pub(crate) latest: Option<&'a T>,
}

impl<S, T> Shared<S, T> {
    fn new(state: S) -> Self {
        Self { inner: Mutex::new(Inner { state, leader: None, finished: 0, latest: None }), ended: Condvar::new() }
    }

    /// A poisoned lock is used as it is: no code of the caller's runs under it, so no panic leaves the state half changed.
    fn lock(&self) -> MutexGuard<'_, Inner<S, T>> {
        recover(self.inner.lock())
    }
}

impl<S: 'static, T: Clone + 'static> SingleFlight<S, T> {
    /// `make_state` makes the first state. In the child of a fork it gets the parent's, unless another thread held the lock
    /// during the fork: the state can be half changed then.
    pub(crate) fn new(make_state: impl Fn(Option<&S>) -> S + Send + Sync + 'static) -> Self {
        let make = move |inherited: Option<&Shared<S, T>>| {
            let inner = inherited.and_then(|inherited| try_lock(&inherited.inner));
            Shared::new(make_state(inner.as_ref().map(|inner| &inner.state)))
        };
        Self { current: PerProcess::new(Box::new(make)) }
    }

    /// Looks at the state.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.current.get().lock().state)
    }

    /// Changes the state without being the leader, and wakes the waiters: the new state may be all they need.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let shared = self.current.get();
        let result = change(&mut shared.lock().state);
        shared.ended.notify_all();
        result
    }

    /// Calls `decide` until it returns an answer or makes the caller the leader, and waits in between.
    ///
    /// `look` is called before each decision, without the lock, so that it may run code of the caller's, such as a clock. It
    /// returns what `decide` gets to see, and how long the caller can still wait (`None`: without limit), or an error, which
    /// ends the waiting.
    pub(crate) fn join<N, L, V>(
        &self,
        mut look: impl FnMut() -> (V, Result<Option<Duration>, L>),
        mut decide: impl FnMut(&mut S, Situation<'_, T>, V) -> Next<T, N>,
    ) -> Result<Role<'_, S, T, N>, L> {
        let shared = self.current.get();
        let finished_before = shared.lock().finished;
        loop {
            let (view, left) = look();
            let mut guard = shared.lock();
            let Inner { state, leader, finished, latest } = &mut *guard;
            let latest = latest.as_ref().filter(|_| *finished != finished_before);
            match decide(state, Situation { under_way: leader.is_some(), latest }, view) {
                Next::Answer(answer) => return Ok(Role::Answered(answer)),
                Next::Lead(note) if leader.is_none() => {
                    *leader = Some(this_thread());
                    return Ok(Role::Leader(Leader { flight: self, finished: false }, note));
                }
                Next::Lead(_) | Next::Wait if *leader == Some(this_thread()) => return Ok(Role::Reentrant),
                Next::Lead(_) | Next::Wait => {}
            }
            // A wake-up proves nothing, it may be spurious or for another waiter: the loop decides again.
            match left? {
                None => drop(recover(shared.ended.wait(guard))),
                Some(left) => drop(recover(shared.ended.wait_timeout(guard, left))),
            }
        }
    }
}

/// The caller that does the work.
pub(crate) struct Leader<'a, S: 'static, T: Clone + 'static> {
    flight: &'a SingleFlight<S, T>,
    finished: bool,
}

impl<S, T: Clone> Leader<'_, S, T> {
    /// Ends the work: changes the state, and gives all waiters the same answer.
    pub(crate) fn finish(mut self, change: impl FnOnce(&mut S) -> T) -> T {
        // If this thread forked during its work, the child's copy of it is here too, and finishes in the child only.
        let shared = self.flight.current.get();
        let mut guard = shared.lock();
        let answer = change(&mut guard.state);
        guard.finished = guard.finished.wrapping_add(1);
        guard.latest = Some(answer.clone());
        guard.leader = None;
        // Before the waiters are woken, so that they do not wake only to wait for this lock.
        drop(guard);
        self.finished = true;
        shared.ended.notify_all();
        answer
    }
}

impl<S, T: Clone> Drop for Leader<'_, S, T> {
    fn drop(&mut self) {
        if !self.finished {
            let shared = self.flight.current.get();
            shared.lock().leader = None;
            shared.ended.notify_all();
        }
    }
}
