use core::fmt;
use core::time::Duration;

use crate::error::code::KsFault;
use crate::value::time::Moment;

/// What to do with a session, and why. `Display` is one line for a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Return the session to the caller.
    Use {
        /// The decision is valid while both clocks are before this.
        until: Moment,
        /// The reason.
        why: Reason,
    },
    /// Return the session, and let one caller renew it.
    UseAndRenew {
        /// The reason.
        why: Reason,
    },
    /// Renew the session first, or wait for the renewal that is under way.
    Renew {
        /// The reason.
        why: Reason,
    },
    /// There is no valid session, and a renewal failed in a way that may be transient. A caller can wait and decide again; the
    /// others get the last error.
    WaitUntil {
        /// When to decide again, on the monotonic clock.
        elapsed: Duration,
        /// The reason.
        why: Reason,
    },
    /// There is no valid session, and the renewal failed permanently: all callers get the last error.
    GiveUp {
        /// When the renewal is tried again, on the monotonic clock.
        until: Duration,
        /// The reason.
        why: Reason,
    },
}

/// The reason of a [`Decision`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No session was started yet.
    NoSession,
    /// There is another app token, which is to be used now.
    CredentialChanged,
    /// The session is fresh: it is not yet in its refresh window.
    Fresh {
        /// The time until its refresh window starts.
        renewal_in: Duration,
    },
    /// The session is in its refresh window.
    EndsSoon {
        /// The time until it expires.
        left: Duration,
    },
    /// The session is in its refresh window, and a renewal is under way.
    BeingRenewed {
        /// The time until it expires.
        left: Duration,
    },
    /// The session is in its refresh window, and the last renewal failed.
    RenewalFailed {
        /// The time until it expires.
        left: Duration,
        /// The number of failed renewals in a row.
        failures: u32,
    },
    /// The session expires too soon to start a call with it.
    EndsNow {
        /// The time until it expires.
        left: Duration,
    },
    /// The session has expired.
    Ended {
        /// The time since then.
        since: Duration,
    },
    /// The session was dropped before it expired.
    Invalidated(Invalidation),
    /// There is no valid session, and the last renewals failed.
    Failing {
        /// The number of failed renewals in a row.
        failures: u32,
        /// The time until the next one.
        pause: Duration,
    },
}

/// Why a session was dropped before it expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Invalidation {
    /// The caller requested it.
    Requested,
    /// The server refused its KS.
    Refused(KsFault),
}

impl Decision {
    /// The reason of the decision.
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
    /// Whether a new session fixes it: the session had expired, was ended, or was used as often as its `actionslimit` allows.
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
            Self::NoSession => f.write_str("no session was started yet"),
            Self::CredentialChanged => f.write_str("there is another app token"),
            Self::Fresh { renewal_in } => write!(f, "its renewal is due in {renewal_in:.1?}"),
            Self::EndsSoon { left } => write!(f, "it expires in {left:.1?}"),
            Self::BeingRenewed { left } => write!(f, "it expires in {left:.1?}, and a renewal is under way"),
            Self::RenewalFailed { left, failures } => {
                write!(f, "it expires in {left:.1?}, failed renewals in a row: {failures}")
            }
            Self::EndsNow { left } => write!(f, "it expires in only {left:.1?}"),
            Self::Ended { since } => write!(f, "it expired {since:.1?} ago"),
            Self::Invalidated(invalidation) => invalidation.fmt(f),
            Self::Failing { failures, pause } => {
                write!(f, "failed renewals in a row: {failures}, next attempt in {pause:.1?}")
            }
        }
    }
}

impl fmt::Display for Invalidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "it was dropped on request",
            Self::Refused(KsFault::Expired) => "the server reported that it has expired",
            Self::Refused(KsFault::LoggedOut) => "the server reported that it was ended",
            Self::Refused(KsFault::ActionsLimitExceeded) => {
                "the server reported that it has reached its limit of actions"
            }
            Self::Refused(_) => "the server refused it",
        })
    }
}
