//! Every interleaving of a few threads in one single flight, with the provider's own source file.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

mod sync {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use loom::thread::ThreadId;

    pub(super) fn this_thread() -> ThreadId {
        loom::thread::current().id()
    }

    pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
        mutex.try_lock().ok()
    }

    /// Without forks there is one value.
    pub(super) struct PerProcess<T, M>(T, std::marker::PhantomData<M>);

    impl<T, M: Fn(Option<&T>) -> T> PerProcess<T, M> {
        pub(super) fn new(make: M) -> Self {
            Self(make(None), std::marker::PhantomData)
        }

        pub(super) fn get(&self) -> &T {
            &self.0
        }
    }

    pub(super) fn recover<T>(result: std::sync::LockResult<T>) -> T {
        result.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[allow(dead_code)]
#[path = "../../../src/provider/single_flight.rs"]
mod single_flight;

use single_flight::{Next, Role, SingleFlight};

/// The waiting has no limit.
const NO_LIMIT: Result<Option<std::time::Duration>, std::convert::Infallible> = Ok(None);

/// Fetches a number unless there is one, and returns it.
fn fetch(flight: &SingleFlight<Option<usize>, usize>, fetched: &AtomicUsize, give_up: bool) -> Option<usize> {
    let joined = flight.join(
        || ((), NO_LIMIT),
        |state, situation, ()| match (*state, situation.latest) {
            (Some(number), _) | (None, Some(&number)) => Next::Answer(number),
            (None, None) => Next::Lead(()),
        },
    );
    match joined {
        Ok(Role::Answered(number)) => Some(number),
        Ok(Role::Reentrant) => panic!("no work here calls itself"),
        Ok(Role::Leader(leader, ())) if give_up => {
            drop(leader);
            None
        }
        Ok(Role::Leader(leader, ())) => {
            let number = fetched.fetch_add(1, Ordering::SeqCst) + 1;
            Some(leader.finish(|state| {
                *state = Some(number);
                number
            }))
        }
    }
}

fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn one_caller_leads_and_all_get_its_result() {
    check(3, || {
        let flight = Arc::new(SingleFlight::new(|_| None));
        let fetched = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (flight, fetched) = (Arc::clone(&flight), Arc::clone(&fetched));
                thread::spawn(move || fetch(&flight, &fetched, false))
            })
            .collect();
        assert_eq!(fetch(&flight, &fetched, false), Some(1));
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(1));
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn waiters_continue_after_a_leader_gives_up() {
    check(3, || {
        let flight = Arc::new(SingleFlight::new(|_| None));
        let fetched = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = [true, false]
            .map(|give_up| {
                let (flight, fetched) = (Arc::clone(&flight), Arc::clone(&fetched));
                thread::spawn(move || fetch(&flight, &fetched, give_up))
            })
            .into();
        assert_eq!(fetch(&flight, &fetched, false), Some(1));
        for thread in threads {
            assert!(matches!(thread.join().unwrap(), Some(1) | None));
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_value_dropped_meanwhile_is_fetched_again() {
    check(3, || {
        let flight = Arc::new(SingleFlight::new(|_| None));
        let fetched = Arc::new(AtomicUsize::new(0));
        let (same, count) = (Arc::clone(&flight), Arc::clone(&fetched));
        let other = thread::spawn(move || {
            let first = fetch(&same, &count, false);
            // Drops it only if it is still the same value, like an invalidation.
            same.change(|state| {
                state.take_if(|number| Some(*number) == first);
            });
            fetch(&same, &count, false)
        });
        let mine = fetch(&flight, &fetched, false).unwrap();
        let others = other.join().unwrap().unwrap();
        assert!((1..=2).contains(&mine) && others == 2);
        assert_eq!(fetched.load(Ordering::SeqCst), 2);
    });
}

/// Regression: calls waited for their whole limit, because a batch started the session without waking them.
#[test]
fn a_change_without_leadership_wakes_the_waiters() {
    check(3, || {
        let flight = Arc::new(SingleFlight::new(|_| None));
        let fetched = Arc::new(AtomicUsize::new(0));
        let Ok(Role::Leader(leader, ())) = flight.join(|| ((), NO_LIMIT), |_, _, ()| Next::Lead::<usize, ()>(()))
        else {
            panic!()
        };
        let (same, count) = (Arc::clone(&flight), Arc::clone(&fetched));
        let waiter = thread::spawn(move || fetch(&same, &count, false));
        flight.change(|state| *state = Some(7));
        // The leader finishes later: without the wake-up the waiter would wait without end.
        assert_eq!(waiter.join().unwrap(), Some(7));
        drop(leader);
        assert_eq!(fetched.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_leader_that_joins_again_is_reentrant() {
    check(3, || {
        let flight = SingleFlight::<Option<usize>, usize>::new(|_| None);
        let Ok(Role::Leader(leader, ())) = flight.join(|| ((), NO_LIMIT), |_, _, ()| Next::Lead(())) else { panic!() };
        let again = flight.join(|| ((), NO_LIMIT), |_, _, ()| Next::Lead(()));
        assert!(matches!(again, Ok(Role::Reentrant)));
        drop(again);
        leader.finish(|_| 1);
    });
}
