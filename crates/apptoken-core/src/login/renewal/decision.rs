use core::fmt;
use core::time::Duration;

use crate::error::code::KsFault;
use crate::value::time::Moment;

/// What to do with a session, and why. `Display` says it in a line for a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Hand out the session.
    Use {
        /// The same decision holds while both clocks are before this.
        until: Moment,
        /// Why.
        why: Reason,
    },
    /// Hand out the session, and let one caller renew it.
    UseAndRenew {
        /// Why.
        why: Reason,
    },
    /// Renew before handing out anything, or wait for the renewal that is under way.
    Renew {
        /// Why.
        why: Reason,
    },
    /// There is no session, and renewing it just failed: a caller with patience tries again then, the others get the
    /// last error.
    WaitUntil {
        /// In running time.
        elapsed: Duration,
        /// Why.
        why: Reason,
    },
    /// There is no session, and renewing it failed in a way that does not pass by itself: everybody gets the last error.
    GiveUp {
        /// In running time: after that it is tried once more.
        until: Duration,
        /// Why.
        why: Reason,
    },
}

/// Why a [`Decision`] was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing was obtained yet.
    NoSession,
    /// There is another app token, which is to be used at once.
    CredentialChanged,
    /// It is young.
    Fresh {
        /// How long until its renewal begins.
        renewal_in: Duration,
    },
    /// Its end is near enough to renew it.
    EndsSoon {
        /// How long it is good for.
        left: Duration,
    },
    /// Its end is near, and a renewal is under way.
    BeingRenewed {
        /// How long it is good for.
        left: Duration,
    },
    /// Its end is near, but renewing it just failed.
    RenewalFailed {
        /// How long it is good for.
        left: Duration,
        /// How many renewals failed in a row.
        failures: u32,
    },
    /// Its end is too near to begin anything with it.
    EndsNow {
        /// How long it is good for.
        left: Duration,
    },
    /// It has ended.
    Ended {
        /// How long ago.
        since: Duration,
    },
    /// It was dropped before its end.
    Invalidated(Invalidation),
    /// There is none, and the last renewals failed.
    Failing {
        /// How many in a row.
        failures: u32,
        /// How long until the next.
        pause: Duration,
    },
}

/// Why a session was dropped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Invalidation {
    /// The caller knows why.
    Requested,
    /// The server refused its KS.
    Refused(KsFault),
}

impl Decision {
    /// Why it was made.
    #[must_use]
    pub fn why(&self) -> Reason {
        match *self {
            Self::Use { why, .. }
            | Self::UseAndRenew { why }
            | Self::Renew { why }
            | Self::WaitUntil { why, .. }
            | Self::GiveUp { why, .. } => why,
        }
    }
}

impl Invalidation {
    /// Whether a new session can mend it: it had expired, was ended, or was used as often as its `actionslimit` allows.
    #[must_use]
    pub fn is_fixed_by_renewal(self) -> bool {
        match self {
            Self::Requested => true,
            Self::Refused(fault) => {
                matches!(fault, KsFault::Expired | KsFault::LoggedOut | KsFault::ActionsLimitExceeded)
            }
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Use { .. } => "use it",
            Self::UseAndRenew { .. } => "use and renew it",
            Self::Renew { .. } => "renew it",
            Self::WaitUntil { .. } => "wait",
            Self::GiveUp { .. } => "give up",
        };
        write!(f, "{what}: {}", self.why())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession => f.write_str("no session was obtained yet"),
            Self::CredentialChanged => f.write_str("there is another app token"),
            Self::Fresh { renewal_in } => write!(f, "renewal begins in {renewal_in:.1?}"),
            Self::EndsSoon { left } => write!(f, "{left:.1?} are left"),
            Self::BeingRenewed { left } => write!(f, "{left:.1?} are left and renewal is under way"),
            Self::RenewalFailed { left, failures } => {
                write!(f, "{left:.1?} are left, failed renewals in a row: {failures}")
            }
            Self::EndsNow { left } => write!(f, "only {left:.1?} are left"),
            Self::Ended { since } => write!(f, "it ended {since:.1?} ago"),
            Self::Invalidated(invalidation) => invalidation.fmt(f),
            Self::Failing { failures, pause } => {
                write!(f, "failed renewals in a row: {failures}, the next in {pause:.1?}")
            }
        }
    }
}

impl fmt::Display for Invalidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "it was dropped on request",
            Self::Refused(KsFault::Expired) => "the server said that it has expired",
            Self::Refused(KsFault::LoggedOut) => "the server said that it was ended",
            Self::Refused(KsFault::ActionsLimitExceeded) => "the server said that it was used as often as it may be",
            Self::Refused(_) => "the server refused it",
        })
    }
}
