//! When to renew a session: the policy of a session that stays alive, without a clock, a lock or a request.
//!
//! ```text
//!  age 0                     advisory         mandatory   end
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

/// What is known of one session over all its renewals, and the decisions that follow from it.
///
/// The owner asks it to [`decide`](Self::decide), does what it says, and [`record`](Self::record)s what came of it. The
/// session itself stays with the owner.
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
///     "use it: 6399.0s are left, failed renewals in a row: 1"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Renewal {
    policy: RenewalPolicy,
    current: Option<CurrentSession>,
    /// Why a session was dropped, until the next one is there.
    dropped: Option<Invalidation>,
    pause: Option<Pause>,
    /// How many renewals succeeded.
    renewals: u64,
    /// How many renewals failed since the last that succeeded.
    failures: u32,
    /// How many sessions in a row the server refused soon after they were started, the first of the row at any age.
    refusals: u32,
}

/// What came of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new one is there.
    Renewed(Term),
    /// Renewing it failed in a way that may pass by itself.
    FailedTransiently,
    /// Renewing it failed in a way that does not pass by itself.
    FailedPermanently,
    /// It is not to be used any more.
    Invalidated(Invalidation),
    /// The server accepted it.
    Accepted,
    /// There is another app token: what failed with the one before may succeed now.
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
    /// On the monotonic clock: the wall clock does not count before, because it was found to have been set. Without this
    /// a wall clock that somebody sets again and again would end each new session at once.
    trust_wall_from: Duration,
}

/// No renewal begins before `until` (monotonic).
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Duration,
    permanent: bool,
}

/// A session that is refused at a greater age was of use, so its refusal says nothing about the next session. It also
/// bounds how often a server that refuses every session can cause a login: once in this time.
const SOON: Duration = Duration::from_secs(10);

impl Renewal {
    /// Nothing obtained yet.
    #[must_use]
    pub fn new(policy: RenewalPolicy) -> Self {
        Self { policy, current: None, dropped: None, pause: None, renewals: 0, failures: 0, refusals: 0 }
    }

    /// Returns what to do now; `under_way` says that a renewal is.
    #[must_use]
    pub fn decide(&self, now: Moment, under_way: bool) -> Decision {
        let pause = self.pause.filter(|pause| !under_way && now.elapsed < pause.until);
        match self.current {
            Some(current) if current.is_good(now) => self.decide_on(&current, pause, now, under_way),
            current => match pause {
                Some(pause) => self.decide_without(pause, now),
                None => Decision::Renew { why: self.why_none(current, now) },
            },
        }
    }

    /// Whether there is a session that has not ended, due for renewal or not.
    #[must_use]
    pub fn has_valid_session(&self, now: Moment) -> bool {
        self.current.is_some_and(|current| current.is_good(now))
    }

    /// While the session is good.
    fn decide_on(&self, current: &CurrentSession, pause: Option<Pause>, now: Moment, under_way: bool) -> Decision {
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

    /// While there is no good session and none can be had.
    fn decide_without(&self, pause: Pause, now: Moment) -> Decision {
        let why = Reason::Failing { failures: self.failures, pause: pause.until.saturating_sub(now.elapsed) };
        if pause.permanent {
            Decision::GiveUp { until: pause.until, why }
        } else {
            Decision::WaitUntil { elapsed: pause.until, why }
        }
    }

    fn why_none(&self, current: Option<CurrentSession>, now: Moment) -> Reason {
        match (current, self.dropped) {
            (Some(current), _) => Reason::Ended { since: current.age_at(now).saturating_sub(current.windows.end) },
            (None, Some(invalidation)) => Reason::Invalidated(invalidation),
            (None, None) => Reason::NoSession,
        }
    }

    /// Takes note of what came of the session.
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
        let wall_was_set = self.current.is_some_and(|current| current.term.wall_ran_ahead_until(&term));
        let trust_wall_from =
            if wall_was_set { term.known_at.elapsed.saturating_add(term.lifetime / 2) } else { Duration::ZERO };
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
        self.pause = self.pause.filter(|pause| pause.permanent);
        let Invalidation::Refused(fault) = invalidation else {
            return;
        };
        // The next session will not do better than one that was refused soon after it was started: the second refusal in
        // a row begins a pause, whatever its reason. Without it a server that refuses every session got hundreds of
        // logins a second.
        self.refusals = if current.age_at(now) < SOON { self.refusals.saturating_add(1) } else { 1 };
        if self.refusals > 1 {
            self.failures = self.failures.max(self.refusals.saturating_sub(2));
            // `session.end` of one session of a token ends all its sessions for a day: trying again soon is of no use.
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

    /// Until when a decision holds that holds up to this age.
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
