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
pub use term::Term;

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
    held: Option<Held>,
    /// Why a session was dropped, until the next one is there.
    dropped: Option<Invalidation>,
    setback: Option<Setback>,
    /// How many renewals succeeded.
    renewals: u64,
    /// How many renewals failed since the last that succeeded.
    failures: u32,
    /// How many sessions in a row the server refused before anything was done with them.
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
    FailedForGood,
    /// It is not to be used any more.
    Invalidated(Invalidation),
    /// The server accepted it.
    Accepted,
}

impl Outcome {
    /// The outcome of a renewal that failed.
    #[must_use]
    pub fn failed(error: &Error) -> Self {
        if error.is_transient() { Self::FailedTransiently } else { Self::FailedForGood }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    term: Term,
    windows: Windows,
    /// The date is not believed before: it was just found to have been set.
    believe_date_from: Duration,
}

/// No renewal is begun before `until`.
#[derive(Clone, Copy, Debug)]
struct Setback {
    until: Duration,
    for_good: bool,
}

impl Renewal {
    /// Nothing obtained yet.
    #[must_use]
    pub fn new(policy: RenewalPolicy) -> Self {
        Self { policy, held: None, dropped: None, setback: None, renewals: 0, failures: 0, refusals: 0 }
    }

    /// Says what to do now; `under_way` tells that a renewal is.
    #[must_use]
    pub fn decide(&self, now: Moment, under_way: bool) -> Decision {
        let setback = self.setback.filter(|setback| !under_way && now.elapsed < setback.until);
        match self.held {
            Some(held) if held.age_at(now) < held.windows.end => self.decide_on(&held, setback, now, under_way),
            held => match setback {
                Some(setback) => self.decide_without(setback, now),
                None => Decision::Renew { why: self.why_none(held, now) },
            },
        }
    }

    /// While the session is good.
    fn decide_on(&self, held: &Held, setback: Option<Setback>, now: Moment, under_way: bool) -> Decision {
        let Windows { advisory, mandatory, end } = held.windows;
        let age = held.age_at(now);
        let left = end.saturating_sub(age);
        if age < advisory {
            let until = held.moment_of(advisory, now);
            return Decision::Use { until, why: Reason::Fresh { renewal_in: advisory.saturating_sub(age) } };
        }
        if let Some(setback) = setback {
            let until = held.moment_of(end, now);
            let until = Moment { elapsed: until.elapsed.min(setback.until), ..until };
            return Decision::Use { until, why: Reason::RenewalFailed { left, failures: self.failures } };
        }
        match (age < mandatory, under_way) {
            (true, true) => Decision::Use { until: held.moment_of(mandatory, now), why: Reason::BeingRenewed { left } },
            (true, false) => Decision::UseAndRenew { why: Reason::EndsSoon { left } },
            (false, _) => Decision::Renew { why: Reason::EndsNow { left } },
        }
    }

    /// While there is no good session and none can be had.
    fn decide_without(&self, setback: Setback, now: Moment) -> Decision {
        let pause = setback.until.saturating_sub(now.elapsed);
        let why = Reason::Failing { failures: self.failures, pause };
        if setback.for_good {
            Decision::GiveUp { until: setback.until, why }
        } else {
            Decision::WaitUntil { elapsed: setback.until, why }
        }
    }

    fn why_none(&self, held: Option<Held>, now: Moment) -> Reason {
        match (held, self.dropped) {
            (Some(held), _) => Reason::Ended { since: held.age_at(now).saturating_sub(held.windows.end) },
            (None, Some(invalidation)) => Reason::Invalidated(invalidation),
            (None, None) => Reason::NoSession,
        }
    }

    /// Takes note of what came of the session.
    pub fn record(&mut self, outcome: Outcome, now: Moment) {
        match outcome {
            Outcome::Renewed(term) => self.renewed(term),
            Outcome::FailedTransiently => self.failed(false, now),
            Outcome::FailedForGood => self.failed(true, now),
            Outcome::Invalidated(invalidation) => self.invalidated(invalidation, now),
            Outcome::Accepted => self.refusals = 0,
        }
    }

    fn renewed(&mut self, term: Term) {
        let windows = self.policy.windows(term.lifetime, self.renewals);
        let date_was_set = self.held.is_some_and(|held| held.term.date_ran_ahead_until(&term));
        let believe_date_from =
            if date_was_set { term.known_at.elapsed.saturating_add(term.lifetime / 2) } else { Duration::ZERO };
        if self.dropped.is_none() {
            self.refusals = 0;
        }
        self.held = Some(Held { term, windows, believe_date_from });
        self.dropped = None;
        self.setback = None;
        self.failures = 0;
        self.renewals = self.renewals.wrapping_add(1);
    }

    fn failed(&mut self, for_good: bool, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        let pause = if for_good { self.policy.pause_for_good } else { self.policy.pause_after(self.failures) };
        self.set_back(pause, for_good, now);
    }

    /// A session that is refused as soon as it was obtained is not mended by another one.
    fn invalidated(&mut self, invalidation: Invalidation, now: Moment) {
        if self.held.take().is_none() {
            return;
        }
        self.dropped = Some(invalidation);
        self.setback = self.setback.filter(|setback| setback.for_good);
        match invalidation {
            Invalidation::Refused(KsFault::LoggedOut) if self.refused_again() => {
                self.failed(true, now);
            }
            Invalidation::Refused(KsFault::Expired) if self.refused_again() => {
                self.failed(false, now);
            }
            _ => {}
        }
    }

    fn refused_again(&mut self) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.refusals > 1
    }

    fn set_back(&mut self, pause: Duration, for_good: bool, now: Moment) {
        self.setback = Some(Setback { until: now.elapsed.saturating_add(pause), for_good });
    }
}

impl Held {
    fn age_at(&self, now: Moment) -> Duration {
        self.term.age_at(now, self.believes_date(now))
    }

    fn believes_date(&self, now: Moment) -> bool {
        now.elapsed >= self.believe_date_from
    }

    /// Up to when a decision holds that holds up to this age.
    fn moment_of(&self, age: Duration, now: Moment) -> Moment {
        let moment = self.term.moment_of(age, self.believes_date(now));
        if self.believes_date(now) {
            moment
        } else {
            Moment { elapsed: moment.elapsed.min(self.believe_date_from), ..moment }
        }
    }
}

#[cfg(test)]
mod tests;
