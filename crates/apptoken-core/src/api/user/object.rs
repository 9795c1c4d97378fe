//! `KalturaUser`: a user as the server describes it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_text;

/// A user as the server describes it: the fields of `KalturaUser` that concern a service user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The id.
    pub id: String,
    /// Its account.
    #[serde(deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// The name that is shown.
    #[serde(default)]
    pub screen_name: String,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The last name.
    #[serde(default)]
    pub last_name: String,
    /// The address, if there is one.
    pub email: Option<String>,
    /// Whether the user can be used.
    pub status: UserStatus,
    /// Whether it is an administrator; not so for a service user.
    #[serde(default)]
    pub is_admin: bool,
    /// The ids of its roles, separated by commas; empty for none.
    #[serde(default)]
    pub role_ids: String,
    /// The names of its roles, separated by commas.
    #[serde(default)]
    pub role_names: String,
    /// Tags, separated by commas.
    pub tags: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Free text of the account's own programs.
    pub partner_data: Option<String>,
    /// Privileges that every session of this user gets.
    pub ks_privileges: Option<String>,
    /// When it was added.
    pub created_at: Option<UnixSeconds>,
    /// When it was changed last.
    pub updated_at: Option<UnixSeconds>,
}

impl User {
    /// The ids of its roles.
    #[must_use]
    pub fn roles(&self) -> Vec<i64> {
        self.role_ids.split(',').filter_map(|id| id.trim().parse().ok()).collect()
    }
}

/// `KalturaUserStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UserStatus {
    /// 0: its sessions are refused.
    Blocked,
    /// 1: in use.
    Active,
    /// 2: deleted, and its app tokens with it.
    Deleted,
}

impl<'de> Deserialize<'de> for UserStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_text(deserializer)? {
            0 => Ok(Self::Blocked),
            1 => Ok(Self::Active),
            2 => Ok(Self::Deleted),
            _ => Err(serde::de::Error::custom("unknown status of a user")),
        }
    }
}

/// Refuses the id of a new user that the server would refuse.
pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b",!#$%&'*+?^_`{|}~.@-".contains(&byte);
    if (1..=320).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::invalid_input(
            "a user's id must be 1 to 320 ASCII letters, digits or ,!#$%&'*+?^_`{|}~.@- (no blank, slash, colon or quote)",
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
}
