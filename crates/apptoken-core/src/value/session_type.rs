//! `KalturaSessionType`.

/// The kind of a session: `KalturaSessionType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionType {
    /// An ordinary session, 0.
    User,
    /// An administrator's session, 2, which may do everything unless a role restricts it.
    Admin,
}

impl SessionType {
    /// Kaltura's number for it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::User => 0,
            Self::Admin => 2,
        }
    }

    /// The kind of session that has this number.
    ///
    /// To the server every number from 1 is an administrator's session, and old tokens can hold others than 2.
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
