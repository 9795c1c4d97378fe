use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_core::login::renewal::{Decision, Invalidation, Outcome, Reason, Renewal, RenewalPolicy, Term};
use apptoken_core::{Clock, Error, Ks, Moment, Session, SessionOptions};
use arc_swap::ArcSwapOption;

use super::single_flight::{SingleFlight, Situation};

/// One session that stays alive: what was asked of it, and what there is.
pub(super) struct Identity {
    pub(super) options: SessionOptions,
    /// The session while there is nothing to decide: what is read without a lock.
    cached: ArcSwapOption<Cached>,
    pub(super) flight: SingleFlight<State, Answer>,
    /// Whether the renewal machine wants to hear that the server accepted the session.
    unproved: AtomicBool,
}

pub(super) type Answer = Result<Arc<Session>, Error>;

struct Cached {
    session: Arc<Session>,
    until: Moment,
}

/// What is decided on, under the lock.
pub(super) struct State {
    renewal: Renewal,
    session: Option<Arc<Session>>,
    /// The last session that was dropped: not to be taken from the store again.
    dropped: Option<Ks>,
    last_error: Option<Error>,
    /// Which app token the last login was with; see [`ActiveCredential::number`](super::credentials::ActiveCredential).
    credential_number: u64,
}

/// What a caller has to do.
pub(super) enum Todo {
    /// Nothing.
    Take(Answer),
    /// Nothing now, but a caller with patience can try again then, on the monotonic clock.
    TryAgain(Error, Duration),
    /// Nothing, but the source may have another app token than the one that was refused.
    GiveUp(Error),
    /// Renew; until then there is this session.
    Renew(Option<Arc<Session>>, Reason),
}

impl Identity {
    pub(super) fn new(options: SessionOptions, policy: RenewalPolicy) -> Self {
        let state = State {
            renewal: Renewal::new(policy),
            session: None,
            dropped: None,
            last_error: None,
            credential_number: 0,
        };
        Self {
            options,
            cached: ArcSwapOption::empty(),
            flight: SingleFlight::new(state),
            unproved: AtomicBool::new(false),
        }
    }

    /// The session, if there is nothing to decide.
    pub(super) fn cached(&self, now: Moment) -> Option<Arc<Session>> {
        let cached = self.cached.load();
        let Cached { session, until } = &**cached.as_ref()?;
        (now.elapsed < until.elapsed && now.wall < until.wall).then(|| Arc::clone(session))
    }

    /// For how long there is nothing to decide.
    pub(super) fn quiet_for(&self, now: Moment) -> Option<Duration> {
        let cached = self.cached.load();
        Some(cached.as_ref()?.until.elapsed.saturating_sub(now.elapsed))
    }

    /// Decides under the lock. `changes` is how often the app token has changed.
    pub(super) fn decide(
        &self,
        state: &mut State,
        changes: u64,
        now: Moment,
        situation: &Situation<'_, Answer>,
    ) -> Todo {
        if changes != state.credential_number {
            // The failure was another app token's: it is no reason to wait any longer.
            state.renewal.record(Outcome::CredentialChanged, now);
            state.credential_number = changes;
        }
        if let Some(Ok(session)) = situation.latest {
            return Todo::Take(Ok(Arc::clone(session)));
        }
        let decision = state.renewal.decide(now, situation.under_way);
        match (decision, &state.session, situation.latest, &state.last_error) {
            (Decision::Use { until, .. }, Some(session), ..) => {
                self.cached.store(Some(Arc::new(Cached { session: Arc::clone(session), until })));
                Todo::Take(Ok(Arc::clone(session)))
            }
            (Decision::UseAndRenew { why }, Some(session), ..) => Todo::Renew(Some(Arc::clone(session)), why),
            (Decision::WaitUntil { elapsed, .. }, _, _, Some(error)) => Todo::TryAgain(error.clone(), elapsed),
            (_, _, Some(Err(error)), _) => Todo::Take(Err(error.clone())),
            (Decision::GiveUp { .. }, _, _, Some(error)) => Todo::GiveUp(error.clone()),
            (decision, ..) => Todo::Renew(None, decision.why()),
        }
    }

    /// Takes note of a new session. Under the lock.
    pub(super) fn renewed(
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

    /// Takes note of a failure; the answer is the old session as long as that is good. Under the lock.
    pub(super) fn failed(
        &self,
        state: &mut State,
        error: &Error,
        credential_number: u64,
        now: Moment,
    ) -> (Answer, Option<Reason>) {
        state.credential_number = credential_number;
        state.renewal.record(Outcome::failed(error), now);
        state.last_error = Some(error.clone());
        match (self.publish(state, now), &state.session) {
            (Decision::Use { why, .. }, Some(session)) => (Ok(Arc::clone(session)), Some(why)),
            _ => (Err(error.clone()), None),
        }
    }

    /// Drops the session if it is still this one; says which was dropped.
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
            self.unproved.store(why != Invalidation::Asked, Ordering::Relaxed);
            Some(session)
        })
    }

    /// Takes note that the server accepted the session; costs nothing unless one was refused before.
    pub(super) fn accepted(&self, session: &Session, clock: &dyn Clock) {
        if self.unproved.load(Ordering::Relaxed) {
            self.flight.change(|state| {
                if state.session.as_ref().is_some_and(|current| current.ks().is_same(session.ks())) {
                    state.renewal.record(Outcome::Accepted, clock.now());
                    self.unproved.store(false, Ordering::Relaxed);
                }
            });
        }
    }

    /// Why the last login failed, if it did.
    pub(super) fn last_error(&self) -> Option<Error> {
        self.flight.look(|state| state.last_error.clone())
    }

    /// The session as long as it has not ended, due for renewal or not.
    pub(super) fn good_session(&self, now: Moment) -> Option<Arc<Session>> {
        self.flight.look(|state| state.session.clone().filter(|_| state.renewal.has_good_session(now)))
    }

    /// Has callers decide anew: whoever was renewing the session panicked.
    pub(super) fn abandoned(&self) {
        self.cached.store(None);
    }

    /// Whether a session that was found elsewhere is another than the current and the dropped one.
    pub(super) fn is_other_session(&self, ks: &Ks) -> bool {
        self.flight.look(|state| {
            let current = state.session.as_ref().map(|session| session.ks());
            ![current, state.dropped.as_ref()].into_iter().flatten().any(|known| known.is_same(ks))
        })
    }

    /// Hands out what there is without a lock for as long as there is nothing to decide.
    fn publish(&self, state: &State, now: Moment) -> Decision {
        let decision = state.renewal.decide(now, false);
        let cached = match (decision, &state.session) {
            (Decision::Use { until, .. }, Some(session)) => Some(Cached { session: Arc::clone(session), until }),
            _ => None,
        };
        self.cached.store(cached.map(Arc::new));
        decision
    }
}
