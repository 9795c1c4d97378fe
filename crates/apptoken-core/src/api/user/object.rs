//! The object `KalturaUser`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;
use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_string;

/// A user as the server returns it: the fields of `KalturaUser` that concern a service user.
///
/// `Serialize` writes it for people and programs, with Kaltura's names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The id of the user.
    pub id: String,
    /// The account of the user.
    #[serde(deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// The display name.
    #[serde(default)]
    pub screen_name: String,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The last name.
    #[serde(default)]
    pub last_name: String,
    /// The e-mail address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the user is active.
    pub status: UserStatus,
    /// Whether the user is an administrator; false for a service user.
    #[serde(default)]
    pub is_admin: bool,
    /// The ids of the user's roles, separated by commas; empty for none.
    #[serde(default)]
    pub role_ids: String,
    /// The names of the user's roles, separated by commas.
    #[serde(default)]
    pub role_names: String,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// A free-text description.
    #[serde(default)]
    pub description: String,
    /// Free text for the account's own use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_data: Option<String>,
    /// Privileges that the server adds to every session of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ks_privileges: Option<String>,
    /// When the user was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<UnixSeconds>,
    /// When the user was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UnixSeconds>,
}

impl User {
    /// The ids of the user's roles.
    #[must_use]
    pub fn roles(&self) -> Vec<i64> {
        // The server returns the list as it was sent, so an item can have spaces around it or not be a number.
        self.role_ids.split(',').filter_map(|id| id.trim().parse().ok()).collect()
    }
}

/// The status of a user: `KalturaUserStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UserStatus {
    /// 0: blocked; the server refuses the user's sessions.
    Blocked,
    /// 1: active.
    Active,
    /// 2: deleted, together with the user's app tokens.
    Deleted,
}

impl UserStatus {
    /// The number that Kaltura uses for this status.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Blocked => 0,
            Self::Active => 1,
            Self::Deleted => 2,
        }
    }
}

impl Serialize for UserStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl<'de> Deserialize<'de> for UserStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_string(deserializer)? {
            0 => Ok(Self::Blocked),
            1 => Ok(Self::Active),
            2 => Ok(Self::Deleted),
            _ => Err(serde::de::Error::custom("unknown status of a user")),
        }
    }
}

/// Refuses an id for a new user that the server would refuse.
///
/// The pattern is the server's. It does not apply to users that exist, but a service user may have to be created.
pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b",!#$%&'*+?^_`{|}~.@-".contains(&byte);
    if (1..=320).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::invalid_input(
            "a user id must be 1 to 320 ASCII letters, digits or ,!#$%&'*+?^_`{|}~.@- (no whitespace, slash, colon or quote)",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_servers_pattern() {
        for id in ["a@b.c", "a-b_c", "0", &"a".repeat(320)] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        for id in ["", "a b", "a/b", "a:b", "a=b", "a;b", "\"q\"", "(x)", "é", "a\n", &"a".repeat(321)] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_status_is_written_and_read_as_its_number() {
        for (status, code) in [(UserStatus::Blocked, "0"), (UserStatus::Active, "1"), (UserStatus::Deleted, "2")] {
            assert_eq!(serde_json::to_string(&status).unwrap(), code);
            assert_eq!(serde_json::from_str::<UserStatus>(code).unwrap(), status);
        }
        assert!(serde_json::from_str::<UserStatus>("4").is_err());
    }
}
