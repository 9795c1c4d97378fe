//! How long things last, written so that the server cannot misread it.

use core::time::Duration;

use serde::Serialize;

use crate::error::Error;
use crate::value::time::UnixSeconds;

/// The longest lifetime that is taken for a wish and not for a mistake: 10 years.
///
/// It is also the border up to which the server reads a token's expiry as a distance from now.
pub(crate) const LONGEST: Duration = Duration::from_secs(315_360_000);

/// Refuses a session's lifetime that the server would misread.
pub(crate) fn check_lifetime(lifetime: Option<Duration>) -> Result<(), Error> {
    check_not_zero(lifetime)?;
    match lifetime {
        Some(lifetime) if lifetime > LONGEST => Err(Error::invalid_input(
            "the session's lifetime must be at most 10 years: it is a duration, not a point in time",
        )),
        _ => Ok(()),
    }
}

/// Refuses a lifetime that would be sent as 0.
pub(crate) fn check_not_zero(lifetime: Option<Duration>) -> Result<(), Error> {
    match lifetime {
        Some(lifetime) if lifetime < Duration::from_secs(1) => Err(Error::invalid_input(
            "a lifetime must be at least one second: the server treats 0 as \"not set\" or as already expired",
        )),
        _ => Ok(()),
    }
}

/// When an app token ends.
///
/// Always sent as a point in time: the server reads small numbers as distances from now, among them 0, which makes a
/// token that has ended already. A token without one never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TokenExpiry(i64);

impl TokenExpiry {
    /// A point in time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless it lies after `now` and within 30 years of it.
    pub fn at(when: UnixSeconds, now: UnixSeconds) -> Result<Self, Error> {
        match when.seconds_since(now) {
            i64::MIN..=0 => Err(Error::invalid_input(
                "the token's expiry has passed: give a later time, or leave it out for a token that does not end",
            )),
            distance if distance > FARTHEST => Err(Error::invalid_input(
                "the token's expiry is more than 30 years away: leave it out for a token that does not end",
            )),
            _ if when.0 <= LONGEST.as_secs() as i64 => Err(Error::invalid_input(
                "the token's expiry is no date of our time: the server would read it as a distance from now",
            )),
            _ => Ok(Self(when.0)),
        }
    }

    /// So long after `now`, in whole seconds.
    ///
    /// # Errors
    ///
    /// Like [`at`](Self::at): 0 and more than 30 years are refused.
    pub fn after(duration: Duration, now: UnixSeconds) -> Result<Self, Error> {
        Self::at(now.plus(duration), now)
    }

    /// The point in time.
    #[must_use]
    pub fn unix_seconds(self) -> UnixSeconds {
        UnixSeconds(self.0)
    }
}

const FARTHEST: i64 = 30 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    const NOW: UnixSeconds = UnixSeconds(1_795_230_763);

    #[test]
    fn what_the_server_would_misread_is_refused_with_the_reason() {
        for (when, reason) in
            [(0, "passed"), (NOW.0, "passed"), (NOW.0 - 1, "passed"), (-1, "passed"), (NOW.0 * 2, "30 years")]
        {
            let error = TokenExpiry::at(UnixSeconds(when), NOW).unwrap_err().to_string();
            assert!(error.contains(reason), "{when}: {error}");
        }
        assert!(TokenExpiry::after(Duration::ZERO, NOW).unwrap_err().to_string().contains("passed"));
        assert!(TokenExpiry::at(UnixSeconds(3600), UnixSeconds(0)).unwrap_err().to_string().contains("distance"));
        assert_eq!(TokenExpiry::after(Duration::from_secs(60), NOW).unwrap().unix_seconds(), UnixSeconds(NOW.0 + 60));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_read_as_a_date(when: i64, now: i64) {
            if let Ok(expiry) = TokenExpiry::at(UnixSeconds(when), UnixSeconds(now)) {
                prop_assert!(expiry.0 > 315_360_000 && when > now);
            }
        }
    }
}
