//! The type of a session.

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

impl serde::Serialize for SessionType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}
