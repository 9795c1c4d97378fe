//! When the app token of a service expires.

use core::time::Duration;

use crate::error::Error;
use crate::value::lifetime::TokenExpiry;
use crate::value::time::UnixSeconds;

/// When the app token of a service expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceExpiry {
    /// This long after it is added, by the server's clock. A token that exists may end earlier, but must have an end.
    After(Duration),
    /// At this time. A token that exists must have the same one.
    At(TokenExpiry),
    /// Never: whoever gets hold of the token can use it until somebody revokes it.
    Never,
}

impl ServiceExpiry {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    /// The expiry of a token that is added now.
    pub(super) fn for_new_token(self, now: UnixSeconds) -> Result<Option<TokenExpiry>, Error> {
        match self {
            Self::After(duration) => TokenExpiry::after(duration, now).map(Some),
            Self::At(expiry) => Ok(Some(expiry)),
            Self::Never => Ok(None),
        }
    }

    /// Whether a token that exists has an expiry like this one.
    pub(super) fn matches(self, found: Option<UnixSeconds>, now: UnixSeconds) -> bool {
        match (self, found) {
            (Self::After(duration), Some(found)) => found <= now.plus(duration),
            (Self::At(expiry), Some(found)) => found == expiry.unix_seconds(),
            (Self::Never, None) => true,
            (Self::After(_) | Self::At(_), None) | (Self::Never, Some(_)) => false,
        }
    }
}

/// A year: long enough that a yearly rotation suffices, and a forgotten token does not work for ever.
impl Default for ServiceExpiry {
    fn default() -> Self {
        Self::After(Self::YEAR)
    }
}

impl From<Duration> for ServiceExpiry {
    fn from(duration: Duration) -> Self {
        Self::After(duration)
    }
}

impl From<TokenExpiry> for ServiceExpiry {
    fn from(expiry: TokenExpiry) -> Self {
        Self::At(expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_expires_after_a_year_by_default() {
        assert_eq!(ServiceExpiry::default(), ServiceExpiry::After(Duration::from_secs(31_536_000)));
    }
}
