//! `KalturaAppToken`: an app token as the server describes it.

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::value::hash::HashType;
use crate::value::ids::AppTokenId;
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_text;

/// An app token as the server describes it: `KalturaAppToken`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppToken {
    /// Its id.
    pub id: AppTokenId,
    /// Its value, unless the request asked to leave it out.
    pub token: Option<AppTokenSecret>,
    /// Its account.
    #[serde(deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// When it was added.
    pub created_at: UnixSeconds,
    /// When it was changed last.
    pub updated_at: UnixSeconds,
    /// Whether it can be used.
    pub status: AppTokenStatus,
    /// When it ends; never if absent.
    pub expiry: Option<UnixSeconds>,
    /// The kind of its sessions. If absent, whoever holds the token may start admin sessions.
    pub session_type: Option<SessionType>,
    /// The user of its sessions; whoever holds the token chooses it if absent.
    pub session_user_id: Option<String>,
    /// The longest that a session of it lasts, in seconds; with 0 or none every session has ended when it is started.
    pub session_duration: Option<i64>,
    /// The privileges of its sessions.
    pub session_privileges: Option<Privileges>,
    /// How its hash is taken.
    pub hash_type: HashType,
    /// Free text.
    pub description: Option<String>,
}

impl AppToken {
    /// The longest that a session of it lasts; zero if every session has ended when it is started.
    #[must_use]
    pub fn longest_session(&self) -> Duration {
        Duration::from_secs(self.session_duration.and_then(|seconds| seconds.try_into().ok()).unwrap_or_default())
    }
}

/// `KalturaAppTokenStatus`. No action sets it but `appToken.delete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AppTokenStatus {
    /// 1: disabled by Kaltura's staff.
    Disabled,
    /// 2: can be used.
    Active,
    /// 3: deleted. Such tokens are never returned.
    Deleted,
}

impl AppTokenStatus {
    /// Kaltura's number for it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Disabled => 1,
            Self::Active => 2,
            Self::Deleted => 3,
        }
    }
}

impl<'de> Deserialize<'de> for AppTokenStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_text(deserializer)? {
            1 => Ok(Self::Disabled),
            2 => Ok(Self::Active),
            3 => Ok(Self::Deleted),
            _ => Err(serde::de::Error::custom("unknown status of an app token")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server takes `true` for a session type and keeps 1; one such token must not hide all others of a list.
    #[test]
    fn a_token_with_an_odd_session_type_is_readable() {
        let token = r#"{"id":"0_abcd1234","token":"t","partnerId":101,"createdAt":1,"updatedAt":1,"status":2,"sessionType":1,"hashType":"SHA1"}"#;
        assert_eq!(serde_json::from_str::<AppToken>(token).unwrap().session_type, Some(SessionType::Admin));
    }
}
