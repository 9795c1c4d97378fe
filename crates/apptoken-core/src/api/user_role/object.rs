//! The object `KalturaUserRole`.

use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_string;

/// A role as the server returns it: `KalturaUserRole`.
///
/// `Serialize` writes it for people and programs, with Kaltura's names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserRole {
    /// The id of the role.
    #[serde(deserialize_with = "number_or_string")]
    pub id: i64,
    /// The name of the role.
    pub name: String,
    /// The system name, or an empty string.
    #[serde(default)]
    pub system_name: String,
    /// A free-text description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the role is active.
    pub status: UserRoleStatus,
    /// The account of the role; 0 for Kaltura's own roles, which every account can use.
    #[serde(deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// The permissions of the role, separated by commas. The server replaces `*` by the full list.
    #[serde(default)]
    pub permission_names: String,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// When the role was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<UnixSeconds>,
    /// When the role was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UnixSeconds>,
}

/// The status of a role: `KalturaUserRoleStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UserRoleStatus {
    /// 1: active.
    Active,
    /// 2: blocked.
    Blocked,
    /// 3: deleted.
    Deleted,
}

impl UserRoleStatus {
    /// The number that Kaltura uses for this status.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Blocked => 2,
            Self::Deleted => 3,
        }
    }
}

impl Serialize for UserRoleStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl<'de> Deserialize<'de> for UserRoleStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_string(deserializer)? {
            1 => Ok(Self::Active),
            2 => Ok(Self::Blocked),
            3 => Ok(Self::Deleted),
            _ => Err(serde::de::Error::custom("unknown status of a role")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_and_read_as_its_number() {
        for (status, code) in
            [(UserRoleStatus::Active, "1"), (UserRoleStatus::Blocked, "2"), (UserRoleStatus::Deleted, "3")]
        {
            assert_eq!(serde_json::to_string(&status).unwrap(), code);
            assert_eq!(serde_json::from_str::<UserRoleStatus>(code).unwrap(), status);
        }
        assert!(serde_json::from_str::<UserRoleStatus>("4").is_err());
    }
}
