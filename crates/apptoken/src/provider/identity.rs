use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_core::login::renewal::{Decision, Invalidation, Outcome, Reason, Renewal, RenewalPolicy, Term};
use apptoken_core::{Clock, Error, Ks, Moment, Session, SessionOptions};
use arc_swap::ArcSwapOption;

use super::single_flight::{SingleFlight, Situation};
use crate::link::Seeds;

/// One session that is kept valid: what is requested of it, and its present state.
pub(super) struct Identity {
    pub(super) options: SessionOptions,
    /// The session, until the next decision is due. It is outside the lock, because every call of the program reads it, and
    /// a lock would make all threads take turns.
    cached: ArcSwapOption<CachedSession>,
    pub(super) flight: SingleFlight<State, SessionResult>,
    /// Whether a session was refused and none accepted since. Only then does a call that is accepted need the lock.
    awaits_acceptance: AtomicBool,
}

pub(super) type SessionResult = Result<Arc<Session>, Error>;

struct CachedSession {
    session: Arc<Session>,
    until: Moment,
}

/// The state that decisions are made on, under the lock.
#[derive(Clone)]
pub(super) struct State {
    renewal: Renewal,
    session: Option<Arc<Session>>,
    /// The last session that was dropped. The store may still have it, and it must not be used again.
    dropped: Option<Ks>,
    last_error: Option<Error>,
    /// The app token of the last login; see [`ActiveCredential::number`](super::credentials::ActiveCredential).
    credential_number: u64,
}

/// What a caller has to do.
pub(super) enum Step {
    /// Return this result.
    Return(SessionResult),
    /// Return this error, or wait until this time on the monotonic clock and decide again.
    RetryAt(Error, Duration),
    /// Return this error, unless the source has another app token than the refused one.
    GiveUp(Error),
    /// Renew the session. While that lasts, this session is still good.
    Renew(Option<Arc<Session>>, Reason),
}

impl State {
    fn new(policy: RenewalPolicy) -> Self {
        Self { renewal: Renewal::new(policy), session: None, dropped: None, last_error: None, credential_number: 0 }
    }
}

impl Identity {
    pub(super) fn new(options: SessionOptions, policy: RenewalPolicy, seeds: Seeds) -> Self {
        let make_state = move |inherited: Option<&State>| {
            let jitter_seed = seeds.of_this_process(policy.jitter_seed);
            let Some(inherited) = inherited else { return State::new(RenewalPolicy { jitter_seed, ..policy }) };
            let mut state = inherited.clone();
            state.renewal.set_jitter_seed(jitter_seed);
            state
        };
        Self {
            options,
            cached: ArcSwapOption::empty(),
            flight: SingleFlight::new(make_state),
            awaits_acceptance: AtomicBool::new(false),
        }
    }

    /// The session, if no decision is due.
    pub(super) fn cached(&self, now: Moment) -> Option<Arc<Session>> {
        let cached = self.cached.load();
        let CachedSession { session, until } = &**cached.as_ref()?;
        // Both clocks: the monotonic clock can stand still while the machine is suspended, the wall clock can be set back.
        (now.elapsed < until.elapsed && now.wall < until.wall).then(|| Arc::clone(session))
    }

    /// The time until the next decision is due.
    pub(super) fn time_until_decision(&self, now: Moment) -> Option<Duration> {
        let cached = self.cached.load();
        Some(cached.as_ref()?.until.elapsed.saturating_sub(now.elapsed))
    }

    /// Decides what to do; called under the lock. `changes` is the number of changes of the app token.
    pub(super) fn decide(
        &self,
        state: &mut State,
        changes: u64,
        now: Moment,
        situation: &Situation<'_, SessionResult>,
    ) -> Step {
        if changes != state.credential_number {
            // The last failure was with another app token, so it is no reason to pause.
            state.renewal.record(Outcome::CredentialChanged, now);
            state.credential_number = changes;
        }
        // The leader finished while this caller waited. Its session is the answer even if it is already due for renewal:
        // with a very short lifetime each waiter would otherwise log in once more.
        if let Some(Ok(session)) = situation.latest {
            return Step::Return(Ok(Arc::clone(session)));
        }
        let decision = state.renewal.decide(now, situation.under_way);
        match (decision, &state.session, situation.latest, &state.last_error) {
            (Decision::Use { until, .. }, Some(session), ..) => {
                self.cached.store(Some(Arc::new(CachedSession { session: Arc::clone(session), until })));
                Step::Return(Ok(Arc::clone(session)))
            }
            (Decision::UseAndRenew { why }, Some(session), ..) => Step::Renew(Some(Arc::clone(session)), why),
            (Decision::WaitUntil { elapsed, .. }, _, _, Some(error)) => Step::RetryAt(error.clone(), elapsed),
            (_, _, Some(Err(error)), _) => Step::Return(Err(error.clone())),
            (Decision::GiveUp { .. }, _, _, Some(error)) => Step::GiveUp(error.clone()),
            (decision, ..) => Step::Renew(None, decision.why()),
        }
    }

    /// Records a new session; called under the lock.
    pub(super) fn record_renewal(
        &self,
        state: &mut State,
        session: Arc<Session>,
        term: Term,
        credential_number: u64,
        now: Moment,
    ) {
        state.credential_number = credential_number;
        state.renewal.record(Outcome::Renewed(term), now);
        state.session = Some(session);
        state.last_error = None;
        self.publish(state, now);
    }

    /// Records a failed renewal; called under the lock. Returns the old session while that is good, and why it is still used.
    pub(super) fn record_failure(
        &self,
        state: &mut State,
        error: &Error,
        credential_number: u64,
        now: Moment,
    ) -> (SessionResult, Option<Reason>) {
        state.credential_number = credential_number;
        state.renewal.record(Outcome::failed(error), now);
        state.last_error = Some(error.clone());
        match (self.publish(state, now), &state.session) {
            (Decision::Use { why, .. }, Some(session)) => (Ok(Arc::clone(session)), Some(why)),
            _ => (Err(error.clone()), None),
        }
    }

    /// Drops the session if its KS is this one, and returns it. A caller that reports an old KS late must not drop the new
    /// session.
    pub(super) fn invalidate(
        &self,
        ks: &Ks,
        why: Invalidation,
        error: Option<&Error>,
        now: Moment,
    ) -> Option<Arc<Session>> {
        self.flight.change(|state| {
            let session = state.session.take_if(|session| session.ks().is_same(ks))?;
            self.cached.store(None);
            state.renewal.record(Outcome::Invalidated(why), now);
            state.dropped = Some(ks.clone());
            state.last_error = error.cloned();
            self.awaits_acceptance.store(why != Invalidation::Requested, Ordering::Relaxed);
            Some(session)
        })
    }

    /// Records that the server accepted the session. Takes the lock only if a session was refused before.
    pub(super) fn record_acceptance(&self, session: &Session, clock: &dyn Clock) {
        if self.awaits_acceptance.load(Ordering::Relaxed) {
            let now = clock.now();
            self.flight.change(|state| {
                if state.session.as_ref().is_some_and(|current| current.ks().is_same(session.ks())) {
                    state.renewal.record(Outcome::Accepted, now);
                    self.awaits_acceptance.store(false, Ordering::Relaxed);
                }
            });
        }
    }

    /// Why the last login failed, if it did.
    pub(super) fn last_error(&self) -> Option<Error> {
        self.flight.look(|state| state.last_error.clone())
    }

    /// The session if it has not expired, even if it is due for renewal.
    pub(super) fn valid_session(&self, now: Moment) -> Option<Arc<Session>> {
        self.flight.look(|state| state.session.clone().filter(|_| state.renewal.has_valid_session(now)))
    }

    /// Makes the next caller decide again, because the thread that renewed the session panicked.
    pub(super) fn clear_cache(&self) {
        self.cached.store(None);
    }

    /// Whether a session from the store is neither the current nor the dropped one.
    pub(super) fn is_other_session(&self, ks: &Ks) -> bool {
        self.flight.look(|state| {
            let current = state.session.as_ref().map(|session| session.ks());
            ![current, state.dropped.as_ref()].into_iter().flatten().any(|known| known.is_same(ks))
        })
    }

    /// Caches the session until the next decision is due, and returns the present decision.
    fn publish(&self, state: &State, now: Moment) -> Decision {
        let decision = state.renewal.decide(now, false);
        let cached = match (decision, &state.session) {
            (Decision::Use { until, .. }, Some(session)) => Some(CachedSession { session: Arc::clone(session), until }),
            _ => None,
        };
        self.cached.store(cached.map(Arc::new));
        decision
    }
}
