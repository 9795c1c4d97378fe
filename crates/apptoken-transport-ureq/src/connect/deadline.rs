use std::time::{Duration, Instant};

use ureq::unversioned::transport::time;
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};
use ureq::{Error, Timeout};

/// The deadline of an operation with several system calls, if there is one, and the timeout that it comes from.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Option<Instant>,
    reason: Timeout,
}

impl Deadline {
    /// The deadline of connecting.
    pub(super) fn of(details: &ConnectionDetails<'_>) -> Self {
        Self::after(details.timeout, details.now + details.timeout.after)
    }

    /// The deadline of an operation that starts now.
    pub(super) fn from_now(timeout: NextTimeout) -> Self {
        Self::after(timeout, time::Instant::now() + timeout.after)
    }

    fn after(timeout: NextTimeout, end: time::Instant) -> Self {
        let at = match end {
            time::Instant::Exact(at) => Some(at),
            time::Instant::AlreadyHappened => Some(Instant::now()),
            time::Instant::NotHappening => None,
        };
        Self { at, reason: timeout.reason }
    }

    /// The remaining time, which is not zero; `None` without a deadline.
    pub(super) fn left(self) -> Result<Option<Duration>, Error> {
        let Some(at) = self.at else { return Ok(None) };
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.passed()) } else { Ok(Some(left)) }
    }

    /// The remaining time as a timeout of ureq.
    pub(super) fn timeout(self) -> Result<NextTimeout, Error> {
        let after = self.left()?.map_or(time::Duration::NotHappening, time::Duration::Exact);
        Ok(NextTimeout { after, reason: self.reason, ..NextTimeout::default() })
    }

    pub(super) fn passed(self) -> Error {
        Error::Timeout(self.reason)
    }
}
