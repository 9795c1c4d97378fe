//! The actions of the service `appToken`, and `KalturaAppToken` itself.

mod add;
mod delete;
mod get;
mod list;
mod start_session;
mod update;

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer};

pub use add::{Add, NewAppToken};
pub use delete::Delete;
pub use get::Get;
pub use list::{AppTokenFilter, AppTokenOrder, List};
pub use start_session::{SessionOptions, StartSession, StartedSession};
pub use update::{AppTokenChanges, Update};

pub use crate::lifetime::TokenExpiry;
use crate::reply::number_or_text;
use crate::{AppTokenId, AppTokenSecret, HashType, Privileges, SessionType, UnixSeconds};

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
    use crate::{Call, Endpoint, ErrorKind, Moment};

    /// The server takes `true` for a session type and keeps 1; one such token must not hide all others of a list.
    #[test]
    fn a_token_with_an_odd_session_type_is_readable() {
        let token = r#"{"id":"0_abcd1234","token":"t","partnerId":101,"createdAt":1,"updatedAt":1,"status":2,"sessionType":1,"hashType":"SHA1"}"#;
        assert_eq!(serde_json::from_str::<AppToken>(token).unwrap().session_type, Some(SessionType::Admin));
    }

    #[test]
    fn durations_that_would_be_sent_as_0_are_refused_before_sending() {
        let endpoint = || Endpoint::parse("https://example.org").unwrap();
        let now = Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO };
        for short in [Duration::ZERO, Duration::from_millis(999)] {
            let add = Add { app_token: NewAppToken { session_duration: Some(short), ..NewAppToken::default() } };
            let changes = AppTokenChanges { session_duration: Some(short), ..AppTokenChanges::default() };
            let update = Update { id: AppTokenId::parse("0_abcd1234").unwrap(), changes };
            for error in [
                Call::new(endpoint(), add).start(now).unwrap_err(),
                Call::new(endpoint(), update).start(now).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(alloc::format!("{error}").contains("at least one second"), "{error}");
            }
        }
    }
}
