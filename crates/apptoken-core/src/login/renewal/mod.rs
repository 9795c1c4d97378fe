//! When to renew a session: the decisions of a provider, without a clock, a lock or a request.
//!
//! ```text
//!  age 0                     advisory         mandatory   expiry
//!   |-- Use -------------------|-- UseAndRenew --|-- Renew --|-- Renew
//!                              after a failure, during a pause:
//!                              |-- Use ----------|-- Use ----|-- WaitUntil or GiveUp
//! ```

mod decision;
mod policy;
mod term;

use core::time::Duration;

pub use decision::{Decision, Invalidation, Reason};
pub use policy::RenewalPolicy;
pub use term::{LONGEST_DEFAULT_LIFETIME, Term};

use self::policy::Windows;
use crate::error::Error;
use crate::error::code::KsFault;
use crate::value::time::Moment;

/// The state of one session over all its renewals, and the decisions that follow from it.
///
/// The owner calls [`decide`](Self::decide), acts on the decision, and [`record`](Self::record)s the outcome. It keeps the
/// session itself.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken_core::login::renewal::{Decision, Outcome, Renewal, RenewalPolicy, Term};
/// use apptoken_core::{Moment, UnixSeconds};
///
/// let at = |seconds| Moment { wall: UnixSeconds(1_795_230_763 + seconds as i64), elapsed: Duration::from_secs(seconds) };
/// let mut renewal = Renewal::new(RenewalPolicy::default());
/// assert!(matches!(renewal.decide(at(0), false), Decision::Renew { .. }));
///
/// let a_day = Term { lifetime: Duration::from_secs(86_400), age: Duration::ZERO, known_at: at(0), server_time: None };
/// renewal.record(Outcome::Renewed(a_day), at(0));
/// assert!(matches!(renewal.decide(at(60_000), false), Decision::Use { .. }));
/// assert!(matches!(renewal.decide(at(80_000), false), Decision::UseAndRenew { .. }));
///
/// renewal.record(Outcome::FailedTransiently, at(80_000));
/// assert_eq!(
///     renewal.decide(at(80_000), false).to_string(),
///     "use it: it expires in 6399.0s, failed renewals in a row: 1"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Renewal {
    policy: RenewalPolicy,
    current: Option<CurrentSession>,
    /// Why the last session was dropped, until there is a new one.
    dropped: Option<Invalidation>,
    pause: Option<Pause>,
    /// The number of renewals that succeeded.
    renewals: u64,
    /// The number of renewals that failed since the last success.
    failures: u32,
    /// The number of sessions in a row that the server refused soon after their start; the first of them counts at any age.
    refusals: u32,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was renewed: this is the term of the new session.
    Renewed(Term),
    /// Its renewal failed in a way that may be transient.
    FailedTransiently,
    /// Its renewal failed permanently: a retry would fail too until somebody fixes the cause.
    FailedPermanently,
    /// It was dropped before it expired.
    Invalidated(Invalidation),
    /// The server accepted it in a call.
    Accepted,
    /// There is another app token: what failed with the last one may succeed now.
    CredentialChanged,
}

impl Outcome {
    /// The outcome of a renewal that failed.
    #[must_use]
    pub fn failed(error: &Error) -> Self {
        if error.is_transient() { Self::FailedTransiently } else { Self::FailedPermanently }
    }
}

#[derive(Clone, Copy, Debug)]
struct CurrentSession {
    term: Term,
    windows: Windows,
    /// On the monotonic clock. Before this time the wall clock is ignored, because it was set during the last session.
    /// Otherwise a wall clock that is set again and again would make each new session look expired.
    trust_wall_from: Duration,
}

/// No renewal starts before `until`, on the monotonic clock: a wall clock that is set back must not extend a pause.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Duration,
    permanent: bool,
}

/// A session that is refused at a greater age was in use, so its refusal says nothing about the next session. This also limits
/// how often a server that refuses each session can cause a login: once in this time.
const EARLY_REFUSAL: Duration = Duration::from_secs(10);

impl Renewal {
    /// The state before the first session.
    #[must_use]
    pub fn new(policy: RenewalPolicy) -> Self {
        Self { policy, current: None, dropped: None, pause: None, renewals: 0, failures: 0, refusals: 0 }
    }

    /// Sets another seed of the jitter, for a copy of this state in another process, such as the child of a fork. With the same
    /// seed all children would renew at the same time.
    ///
    /// The refresh window of the present session starts later, by a new jitter.
    pub fn set_jitter_seed(&mut self, jitter_seed: u64) {
        self.policy.jitter_seed = jitter_seed;
        if let Some(CurrentSession { term, windows, .. }) = &mut self.current {
            // Added to the start that is known: the owner does not decide again before it.
            let delay = self.policy.delay(term.lifetime, self.renewals);
            windows.advisory = windows.advisory.saturating_add(delay).min(windows.mandatory);
        }
    }

    /// Returns what to do now. `under_way` is whether a renewal is under way.
    #[must_use]
    pub fn decide(&self, now: Moment, under_way: bool) -> Decision {
        // A renewal that is under way can end a pause early, with a new app token for instance: others wait for its result.
        let pause = self.pause.filter(|pause| !under_way && now.elapsed < pause.until);
        match self.current {
            Some(current) if current.is_good(now) => self.decide_with_session(&current, pause, now, under_way),
            current => match pause {
                Some(pause) => self.decide_without_session(pause, now),
                None => Decision::Renew { why: self.reason_to_renew(current, now) },
            },
        }
    }

    /// Whether there is a session that has not expired, even if it is due for renewal.
    #[must_use]
    pub fn has_valid_session(&self, now: Moment) -> bool {
        self.current.is_some_and(|current| current.is_good(now))
    }

    /// The decision while there is a valid session.
    fn decide_with_session(
        &self,
        current: &CurrentSession,
        pause: Option<Pause>,
        now: Moment,
        under_way: bool,
    ) -> Decision {
        let Windows { advisory, mandatory, end } = current.windows;
        let age = current.age_at(now);
        let left = end.saturating_sub(age);
        if age < advisory {
            let until = current.moment_of(advisory, now);
            return Decision::Use { until, why: Reason::Fresh { renewal_in: advisory.saturating_sub(age) } };
        }
        if let Some(pause) = pause {
            let until = current.moment_of(end, now);
            let until = Moment { elapsed: until.elapsed.min(pause.until), ..until };
            return Decision::Use { until, why: Reason::RenewalFailed { left, failures: self.failures } };
        }
        match (age < mandatory, under_way) {
            (true, true) => {
                Decision::Use { until: current.moment_of(mandatory, now), why: Reason::BeingRenewed { left } }
            }
            (true, false) => Decision::UseAndRenew { why: Reason::EndsSoon { left } },
            (false, _) => Decision::Renew { why: Reason::EndsNow { left } },
        }
    }

    /// The decision during a pause without a valid session.
    fn decide_without_session(&self, pause: Pause, now: Moment) -> Decision {
        let why = Reason::Failing { failures: self.failures, pause: pause.until.saturating_sub(now.elapsed) };
        if pause.permanent {
            Decision::GiveUp { until: pause.until, why }
        } else {
            Decision::WaitUntil { elapsed: pause.until, why }
        }
    }

    fn reason_to_renew(&self, current: Option<CurrentSession>, now: Moment) -> Reason {
        match (current, self.dropped) {
            (Some(current), _) => Reason::Ended { since: current.age_at(now).saturating_sub(current.windows.end) },
            (None, Some(invalidation)) => Reason::Invalidated(invalidation),
            (None, None) => Reason::NoSession,
        }
    }

    /// Records what happened to the session.
    pub fn record(&mut self, outcome: Outcome, now: Moment) {
        match outcome {
            Outcome::Renewed(term) => self.renewed(term),
            Outcome::FailedTransiently => self.failed(false, now),
            Outcome::FailedPermanently => self.failed(true, now),
            Outcome::Invalidated(invalidation) => self.invalidated(invalidation, now),
            Outcome::Accepted => self.refusals = 0,
            Outcome::CredentialChanged => {
                self.pause = None;
                self.failures = 0;
                self.refusals = 0;
            }
        }
    }

    fn renewed(&mut self, term: Term) {
        let windows = self.policy.windows(term.lifetime, self.renewals);
        // Only the next reply of the server can show that the wall clock was set: the two clocks of the caller also differ
        // after a suspension. For half a lifetime the monotonic clock then counts alone.
        let wall_was_set = self.current.is_some_and(|current| current.term.wall_ran_ahead_until(&term));
        let trust_wall_from =
            if wall_was_set { term.known_at.elapsed.saturating_add(term.lifetime / 2) } else { Duration::ZERO };
        // A renewal that no refusal caused: the last session was used until its time.
        if self.dropped.is_none() {
            self.refusals = 0;
        }
        self.current = Some(CurrentSession { term, windows, trust_wall_from });
        self.dropped = None;
        self.pause = None;
        self.failures = 0;
        self.renewals = self.renewals.wrapping_add(1);
    }

    fn failed(&mut self, permanent: bool, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        let pause =
            if permanent { self.policy.permanent_failure_pause } else { self.policy.pause_after(self.failures) };
        self.pause = Some(Pause { until: now.elapsed.saturating_add(pause), permanent });
    }

    fn invalidated(&mut self, invalidation: Invalidation, now: Moment) {
        let Some(current) = self.current.take() else {
            return;
        };
        self.dropped = Some(invalidation);
        // A transient pause protects the server while there is still a session; now one is needed. A permanent failure
        // would only repeat.
        self.pause = self.pause.filter(|pause| pause.permanent);
        let Invalidation::Refused(fault) = invalidation else {
            return;
        };
        // After a session that was refused soon after its start, the next one is unlikely to fare better: the second refusal
        // in a row starts a pause, for any reason. Without it a server that refused each session got hundreds of logins a
        // second.
        self.refusals = if current.age_at(now) < EARLY_REFUSAL { self.refusals.saturating_add(1) } else { 1 };
        if self.refusals > 1 {
            self.failures = self.failures.max(self.refusals.saturating_sub(2));
            // `session.end` on one session of a token ends all its sessions for a day (observed on release Venus-22.19.0), so
            // a retry soon would fail too.
            self.failed(fault == KsFault::LoggedOut, now);
        }
    }
}

impl CurrentSession {
    fn is_good(&self, now: Moment) -> bool {
        self.age_at(now) < self.windows.end
    }

    fn age_at(&self, now: Moment) -> Duration {
        self.term.age_at(now, self.trusts_wall(now))
    }

    fn trusts_wall(&self, now: Moment) -> bool {
        now.elapsed >= self.trust_wall_from
    }

    /// Until when a decision is valid that is valid up to this age.
    fn moment_of(&self, age: Duration, now: Moment) -> Moment {
        let moment = self.term.moment_of(age, self.trusts_wall(now));
        if self.trusts_wall(now) {
            moment
        } else {
            Moment { elapsed: moment.elapsed.min(self.trust_wall_from), ..moment }
        }
    }
}

#[cfg(test)]
mod tests;
