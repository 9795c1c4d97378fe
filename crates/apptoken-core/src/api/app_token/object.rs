//! The object `KalturaAppToken`.

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::hash::HashType;
use crate::value::ids::AppTokenId;
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;
use crate::wire::lenient::number_or_string;

/// An app token as the server returns it: `KalturaAppToken`.
///
/// `Serialize` writes it for people and programs, with Kaltura's names and without the token's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppToken {
    /// The id of the token.
    pub id: AppTokenId,
    /// The secret value of the token; absent if the request excluded it.
    #[serde(skip_serializing)]
    pub token: Option<AppTokenSecret>,
    /// The account of the token.
    #[serde(deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// When the token was added.
    pub created_at: UnixSeconds,
    /// When the token was last changed.
    pub updated_at: UnixSeconds,
    /// Whether the token can be used.
    pub status: AppTokenStatus,
    /// When the token expires; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<UnixSeconds>,
    /// The type of the token's sessions. If absent, anyone who holds the token can start admin sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// The user of the token's sessions. If absent, anyone who holds the token chooses the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_user_id: Option<String>,
    /// The longest lifetime of the token's sessions, in seconds. With 0 or none, every session is already expired when it
    /// starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_duration: Option<i64>,
    /// The privileges of the token's sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_privileges: Option<Privileges>,
    /// The hash type of the token.
    pub hash_type: HashType,
    /// A free-text description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl AppToken {
    /// The longest lifetime of the token's sessions; zero if every session is already expired when it starts.
    #[must_use]
    pub fn longest_session(&self) -> Duration {
        Duration::from_secs(self.session_duration.and_then(|seconds| seconds.try_into().ok()).unwrap_or_default())
    }
}

/// The status of an app token: `KalturaAppTokenStatus`. Only `appToken.delete` changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AppTokenStatus {
    /// 1: disabled, which only Kaltura's staff can do.
    Disabled,
    /// 2: usable.
    Active,
    /// 3: deleted. The server never returns such a token.
    Deleted,
}

impl AppTokenStatus {
    /// The number that Kaltura uses for this status.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Disabled => 1,
            Self::Active => 2,
            Self::Deleted => 3,
        }
    }
}

impl Serialize for AppTokenStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl<'de> Deserialize<'de> for AppTokenStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match number_or_string(deserializer)? {
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

    /// The server stores `true` as the session type 1. One such token must not make a whole list unreadable.
    #[test]
    fn a_token_with_session_type_1_is_readable() {
        let token = r#"{"id":"0_abcd1234","token":"t","partnerId":101,"createdAt":1,"updatedAt":1,"status":2,"sessionType":1,"hashType":"SHA1"}"#;
        assert_eq!(serde_json::from_str::<AppToken>(token).unwrap().session_type, Some(SessionType::Admin));
    }

    #[test]
    fn a_status_is_written_and_read_as_its_number() {
        for (status, code) in
            [(AppTokenStatus::Disabled, "1"), (AppTokenStatus::Active, "2"), (AppTokenStatus::Deleted, "3")]
        {
            assert_eq!(serde_json::to_string(&status).unwrap(), code);
            assert_eq!(serde_json::from_str::<AppTokenStatus>(code).unwrap(), status);
        }
        assert!(serde_json::from_str::<AppTokenStatus>("4").is_err());
    }

    #[test]
    fn the_longest_session_of_a_token_is_its_duration() {
        let with = |duration| {
            let token = alloc::format!(
                r#"{{"id":"0_abcd1234","partnerId":101,"createdAt":1,"updatedAt":1,"status":2,"hashType":"SHA1","sessionDuration":{duration}}}"#
            );
            serde_json::from_str::<AppToken>(&token).unwrap().longest_session()
        };
        assert_eq!([with(90), with(0), with(-1)], [Duration::from_secs(90), Duration::ZERO, Duration::ZERO]);
    }
}
