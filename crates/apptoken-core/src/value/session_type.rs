//! The type of a session.

use core::fmt;
use core::str::FromStr;

use crate::error::Error;

/// The type of a session: `KalturaSessionType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionType {
    /// A user session, 0.
    User,
    /// An admin session, 2. It has all permissions unless a role restricts it.
    Admin,
}

impl SessionType {
    /// The number that Kaltura uses for this type.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::User => 0,
            Self::Admin => 2,
        }
    }

    /// The session type with this number; `None` for a negative number.
    ///
    /// The server treats every number from 1 on as an admin session, and an old token can contain a number other than 2.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::User),
            1.. => Some(Self::Admin),
            _ => None,
        }
    }
}

impl FromStr for SessionType {
    type Err = Error;

    /// Reads the name that Kaltura uses for a session type.
    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "USER" => Ok(Self::User),
            "ADMIN" => Ok(Self::Admin),
            _ => Err(Error::invalid_input("the session type must be USER or ADMIN, in upper case")),
        }
    }
}

impl fmt::Display for SessionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
        })
    }
}

/// A number, as in Kaltura's API.
impl serde::Serialize for SessionType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}
