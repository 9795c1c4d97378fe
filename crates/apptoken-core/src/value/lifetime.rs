//! Lifetimes of sessions and tokens, checked so that the server cannot misread them.

use core::time::Duration;

use serde::Serialize;

use crate::error::Error;
use crate::value::time::UnixSeconds;

/// The longest lifetime that is accepted: 10 years. A longer one is probably a Unix time given by mistake.
///
/// Up to the same limit, the server reads a token's expiry as relative to now (`api_v3/lib/KalturaRequestDeserializer.php`
/// and the server's default configuration).
pub(crate) const LONGEST_LIFETIME: Duration = Duration::from_secs(315_360_000);

/// Refuses a session lifetime that the server would misread.
pub(crate) fn check_lifetime(lifetime: Option<Duration>) -> Result<(), Error> {
    check_not_zero(lifetime)?;
    match lifetime {
        Some(lifetime) if lifetime > LONGEST_LIFETIME => Err(Error::invalid_input(
            "the session's lifetime must be at most 10 years: it is a duration, not a point in time",
        )),
        _ => Ok(()),
    }
}

/// Refuses a lifetime that would be sent as 0 seconds.
///
/// As the `expiry` of `appToken.startSession`, 0 means "not set"; as the `sessionDuration` of a token and as the `expiry`
/// of `session.start`, it gives sessions that are already expired (observed on release Venus-22.19.0).
pub(crate) fn check_not_zero(lifetime: Option<Duration>) -> Result<(), Error> {
    match lifetime {
        Some(lifetime) if lifetime < Duration::from_secs(1) => Err(Error::invalid_input(
            "a lifetime must be at least one second: the server treats 0 as \"not set\" or as already expired",
        )),
        _ => Ok(()),
    }
}

/// When an app token expires.
///
/// It is always sent as an absolute time. The server reads small numbers as relative to now; 0 gives a token that is
/// already expired. A token without expiry never expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TokenExpiry(i64);

impl TokenExpiry {
    /// An absolute time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the time is after `now` and at most 30 years
    /// after it.
    pub fn at(when: UnixSeconds, now: UnixSeconds) -> Result<Self, Error> {
        match when.seconds_since(now) {
            i64::MIN..=0 => Err(Error::invalid_input(
                "the token's expiry is in the past: use a later time, or leave it out for a token that does not expire",
            )),
            distance if distance > LONGEST_DISTANCE => Err(Error::invalid_input(
                "the token's expiry is more than 30 years away: leave it out for a token that does not expire",
            )),
            _ if when.0 <= LONGEST_LIFETIME.as_secs() as i64 => Err(Error::invalid_input(
                "the token's expiry is before 1980, so the server would read it as relative to now: check the clock",
            )),
            _ => Ok(Self(when.0)),
        }
    }

    /// A time relative to `now`, in whole seconds.
    ///
    /// # Errors
    ///
    /// Like [`at`](Self::at): 0 and more than 30 years are refused.
    pub fn after(duration: Duration, now: UnixSeconds) -> Result<Self, Error> {
        Self::at(now.plus(duration), now)
    }

    /// The expiry as a Unix time.
    #[must_use]
    pub fn unix_seconds(self) -> UnixSeconds {
        UnixSeconds(self.0)
    }
}

const LONGEST_DISTANCE: i64 = 30 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    const NOW: UnixSeconds = UnixSeconds(1_795_230_763);

    #[test]
    fn an_expiry_that_the_server_would_misread_is_refused() {
        for (when, reason) in [
            (0, "in the past"),
            (NOW.0, "in the past"),
            (NOW.0 - 1, "in the past"),
            (-1, "in the past"),
            (NOW.0 * 2, "30 years"),
        ] {
            let error = TokenExpiry::at(UnixSeconds(when), NOW).unwrap_err().to_string();
            assert!(error.contains(reason), "{when}: {error}");
        }
        assert!(TokenExpiry::after(Duration::ZERO, NOW).unwrap_err().to_string().contains("in the past"));
        assert!(
            TokenExpiry::at(UnixSeconds(3600), UnixSeconds(0)).unwrap_err().to_string().contains("relative to now")
        );
        assert_eq!(TokenExpiry::after(Duration::from_secs(60), NOW).unwrap().unix_seconds(), UnixSeconds(NOW.0 + 60));
    }

    #[test]
    fn a_lifetime_is_between_a_second_and_ten_years() {
        let checked = |lifetime| check_lifetime(Some(lifetime)).is_ok();
        let ten_years = Duration::from_secs(315_360_000);
        assert!(checked(Duration::from_secs(1)) && checked(ten_years));
        assert!(!checked(Duration::from_millis(999)) && !checked(ten_years + Duration::from_nanos(1)));
        assert!(check_lifetime(None).is_ok());
    }

    #[test]
    fn an_expiry_is_at_most_thirty_years_away() {
        let thirty_years = 946_080_000;
        assert_eq!(TokenExpiry::at(UnixSeconds(NOW.0 + thirty_years), NOW).unwrap().0, NOW.0 + thirty_years);
        let error = TokenExpiry::at(UnixSeconds(NOW.0 + thirty_years + 1), NOW).unwrap_err().to_string();
        assert!(error.contains("30 years"), "{error}");
    }

    proptest! {
        #[test]
        fn an_accepted_expiry_is_absolute_and_in_the_future(when: i64, now: i64) {
            if let Ok(expiry) = TokenExpiry::at(UnixSeconds(when), UnixSeconds(now)) {
                prop_assert!(expiry.0 > 315_360_000 && when > now);
            }
        }
    }
}
