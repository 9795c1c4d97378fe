//! `KalturaUserRole`: a role as the server describes it.

use alloc::string::String;

use serde::{Deserialize, Deserializer};

use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_text;

/// A role as the server describes it: `KalturaUserRole`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserRole {
    /// The id.
    #[serde(deserialize_with = "number_or_text")]
    pub id: i64,
    /// The name.
    pub name: String,
    /// The name for programs, or the empty text.
    #[serde(default)]
    pub system_name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether it can be used.
    pub status: UserRoleStatus,
    /// Its account; 0 for the roles that every account has.
    #[serde(deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// What it permits, separated by commas; the server writes `*` out in full.
    #[serde(default)]
    pub permission_names: String,
    /// Tags, separated by commas.
    pub tags: Option<String>,
    /// When it was added.
    pub created_at: Option<UnixSeconds>,
    /// When it was changed last.
    pub updated_at: Option<UnixSeconds>,
}

/// `KalturaUserRoleStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UserRoleStatus {
    /// 1: in use.
    Active,
    /// 2: blocked.
    Blocked,
    /// 3: deleted.
    Deleted,
}

impl UserRoleStatus {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Blocked => 2,
            Self::Deleted => 3,
        }
    }
}

impl<'de> Deserialize<'de> for UserRoleStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_text(deserializer)? {
            1 => Ok(Self::Active),
            2 => Ok(Self::Blocked),
            3 => Ok(Self::Deleted),
            _ => Err(serde::de::Error::custom("unknown status of a role")),
        }
    }
}
