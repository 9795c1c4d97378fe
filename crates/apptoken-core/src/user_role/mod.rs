//! The actions of the service `userRole`, and `KalturaUserRole` itself.
//!
//! A session gets a role by the privilege `setrole` of its app token, or by the roles of its user. Any role of a session
//! that logs in with app tokens should hold `BASE_USER_SESSION_PERMISSION`.

mod add;
mod clone;
mod delete;
mod get;
mod list;
mod update;

use alloc::string::String;

use serde::{Deserialize, Deserializer};

pub use add::{Add, NewUserRole};
pub use clone::Clone;
pub use delete::Delete;
pub use get::Get;
pub use list::{List, UserRoleFilter, UserRoleOrder};
pub use update::{Update, UserRoleChanges};

use crate::UnixSeconds;
use crate::reply::number_or_text;

/// A role as the server describes it: `KalturaUserRole`.
#[derive(core::clone::Clone, Debug, Deserialize)]
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
    fn code(self) -> u8 {
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
