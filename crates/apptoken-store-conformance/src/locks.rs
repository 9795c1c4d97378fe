//! Checks of who renews, and who waits.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use apptoken_core::login::store::{SessionKey, SessionStore, StoreErrorKind};

use crate::expect::{OpenStore, Outcome, PATIENCE, Place, expect_same, expect_stored, failed, store};

pub(crate) fn a_renewal_gets_the_stored_session(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let (key, session) = (place.key()?, place.session(1)?);
    store(&*open(), &key, &session)?;
    let mut outcome = Err("`renew` was not called".to_owned());
    let written = open().renew_exclusively(&key, PATIENCE, &mut |stored| {
        outcome = expect_same(stored.as_ref(), Some(&session));
        None
    });
    written.map_err(failed("renew_exclusively"))?;
    outcome
}

/// As many providers do that start at once: who finds no session logs in.
pub(crate) fn one_thread_renews_at_a_time(open: &OpenStore<'_>, check: &str) -> Outcome {
    const THREADS: u32 = 16;
    let place = Place::of(check);
    let (key, session) = (place.key()?, place.session(1)?);
    let (inside, logins) = (AtomicU32::new(0), AtomicU32::new(0));
    let stores: Vec<_> = (0..THREADS).map(|_| open()).collect();
    let use_store = |store: &dyn SessionStore| -> Outcome {
        let mut together = false;
        let renewed = store.renew_exclusively(&key, PATIENCE, &mut |stored| {
            together |= inside.fetch_add(1, Ordering::SeqCst) > 0;
            let login = stored.is_none().then(|| {
                logins.fetch_add(1, Ordering::SeqCst);
                // Others that are not kept away get in.
                (0..1000).for_each(|_| thread::yield_now());
                session.clone()
            });
            inside.fetch_sub(1, Ordering::SeqCst);
            login
        });
        renewed.map_err(failed("renew_exclusively"))?;
        if together { Err("two callers renewed at the same time".to_owned()) } else { Ok(()) }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = stores.iter().map(|store| scope.spawn(|| use_store(&**store))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    match logins.into_inner() {
        1 => expect_stored(&*open(), &key, Some(&session)),
        logins => Err(format!("{logins} logins of {THREADS} callers that started at once")),
    }
}

/// Calls `meanwhile` while another thread renews the session of this key.
fn while_held(
    holder: &(dyn SessionStore + Send + Sync),
    key: &SessionKey,
    meanwhile: impl FnOnce() -> Outcome,
) -> Outcome {
    let (taken, is_taken) = mpsc::channel();
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let holding = scope.spawn(move || {
            holder.renew_exclusively(key, PATIENCE, &mut |_| {
                let _ = taken.send(());
                // Ends when the sender is dropped.
                let _ = is_done.recv();
                None
            })
        });
        let outcome = match is_taken.recv() {
            Ok(()) => meanwhile(),
            Err(_) => Err("`renew` was not called".to_owned()),
        };
        drop(done);
        let held = holding.join().unwrap_or_else(|panic| resume_unwind(panic));
        outcome.and(held.map_err(failed("renew_exclusively")))
    })
}

fn expect_locked(result: Result<(), apptoken_core::login::store::StoreError>, calls: u32) -> Outcome {
    match result {
        _ if calls > 0 => Err("`renew` was called without the lock".to_owned()),
        Ok(()) => Err("the wait for the lock ended without an error".to_owned()),
        Err(error) if error.kind() == StoreErrorKind::Locked => Ok(()),
        Err(error) => Err(format!("the error is not `Locked`: {error}")),
    }
}

pub(crate) fn a_wait_ends_with_its_patience(open: &OpenStore<'_>, check: &str) -> Outcome {
    let (key, holder, other) = (Place::of(check).key()?, open(), open());
    while_held(&*holder, &key, || {
        let mut calls = 0;
        let result = other.renew_exclusively(&key, Duration::ZERO, &mut |_| {
            calls += 1;
            None
        });
        expect_locked(result, calls)
    })?;
    other.renew_exclusively(&key, Duration::ZERO, &mut |_| None).map_err(failed("renew_exclusively"))
}

pub(crate) fn other_keys_do_not_wait(open: &OpenStore<'_>, check: &str) -> Outcome {
    let (place, holder, other) = (Place::of(check), open(), open());
    let another = Place { user: "bob".to_owned(), ..place.clone() };
    while_held(&*holder, &place.key()?, || {
        store(&*other, &another.key()?, &another.session(1)?)?;
        // Reading does not wait for the lock either.
        expect_stored(&*other, &place.key()?, None)
    })
}

pub(crate) fn a_thread_does_not_wait_for_itself(open: &OpenStore<'_>, check: &str) -> Outcome {
    let (key, one) = (Place::of(check).key()?, open());
    let (mut inner, mut calls) = (None, 0);
    let outer = one.renew_exclusively(&key, PATIENCE, &mut |_| {
        inner = Some(one.renew_exclusively(&key, PATIENCE, &mut |_| {
            calls += 1;
            None
        }));
        None
    });
    outer.map_err(failed("renew_exclusively"))?;
    expect_locked(inner.ok_or("`renew` was not called")?, calls)
}

pub(crate) fn a_panic_releases_the_lock(open: &OpenStore<'_>, check: &str) -> Outcome {
    let (key, one) = (Place::of(check).key()?, open());
    let panicked =
        catch_unwind(AssertUnwindSafe(|| one.renew_exclusively(&key, PATIENCE, &mut |_| resume_unwind(Box::new(())))));
    if panicked.is_ok() {
        return Err("the panic of `renew` did not reach the caller".to_owned());
    }
    one.renew_exclusively(&key, Duration::ZERO, &mut |_| None).map_err(failed("renew_exclusively"))
}

pub(crate) fn a_stop_ends_a_wait(open: &OpenStore<'_>, check: &str) -> Outcome {
    let (key, holder, other) = (Place::of(check).key()?, open(), open());
    while_held(&*holder, &key, || {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut calls = 0;
                let result = other.renew_exclusively(&key, PATIENCE * 20, &mut |_| {
                    calls += 1;
                    None
                });
                expect_locked(result, calls)
            });
            // Before the wait or during it: both must end.
            other.stop();
            waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    })
}
