//! `appToken.update`: `updateAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/app_token_get_update_delete.jsonl` of `apptoken-golden`.

use alloc::string::String;
use core::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::object::AppToken;
use crate::error::Error;
use crate::value::change::Change;
use crate::value::hash::HashType;
use crate::value::ids::AppTokenId;
use crate::value::lifetime::TokenExpiry;
use crate::value::lifetime::check_not_zero;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::text::check_set;
use crate::wire::action::Action;
use crate::wire::encode::serialize_whole_seconds;

/// `appToken.update`: changes an app token. Unchanged fields are not sent. Needs an admin session or a role with
/// `APP_TOKEN_UPDATE`.
///
/// It affects sessions that start later. Existing sessions do not change.
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// The id of the token.
    pub id: AppTokenId,
    /// The changes.
    #[serde(rename = "appToken")]
    pub changes: AppTokenChanges,
}

/// Changes of an app token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppTokenChanges {
    /// When the token expires; if cleared, never.
    pub expiry: Change<TokenExpiry>,
    /// The type of the token's sessions; if cleared, anyone who holds the token can start admin sessions.
    pub session_type: Change<SessionType>,
    /// The user of the token's sessions; if cleared, anyone who holds the token chooses the user.
    pub session_user_id: Change<String>,
    /// The longest lifetime of the token's sessions, in whole seconds. It cannot be cleared, because every session would
    /// then be already expired when it starts.
    pub session_duration: Option<Duration>,
    /// The privileges of the token's sessions.
    pub session_privileges: Change<Privileges>,
    /// The hash type of the token. Every program that uses the token must change to it at the same time.
    pub hash_type: Option<HashType>,
    /// A free-text description.
    pub description: Change<String>,
}

impl Serialize for AppTokenChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            expiry,
            session_type,
            session_user_id,
            session_duration,
            session_privileges,
            hash_type,
            description,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        expiry.write(&mut map, "expiry", "expiry__null")?;
        session_type.write(&mut map, "sessionType", "sessionType__null")?;
        session_user_id.write(&mut map, "sessionUserId", "sessionUserId__null")?;
        if session_duration.is_some() {
            map.serialize_entry("sessionDuration", &WholeSeconds(*session_duration))?;
        }
        session_privileges.write(&mut map, "sessionPrivileges", "sessionPrivileges__null")?;
        if let Some(hash_type) = hash_type {
            map.serialize_entry("hashType", hash_type)?;
        }
        description.write(&mut map, "description", "description__null")?;
        map.end()
    }
}

#[derive(Serialize)]
struct WholeSeconds(#[serde(serialize_with = "serialize_whole_seconds")] Option<Duration>);

impl Action for Update {
    type Reply = AppToken;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "update";

    fn check(&self) -> Result<(), Error> {
        // A token with an empty user starts sessions without a user, whatever user its holder requests.
        if let Change::Set(user_id) = &self.changes.session_user_id {
            check_set(user_id, "the token's session user id")?;
        }
        if let Change::Set(privileges) = &self.changes.session_privileges {
            privileges.check_restrictions()?;
        }
        check_not_zero(self.changes.session_duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_fields_are_absent_and_cleared_ones_are_null() {
        let changes = AppTokenChanges {
            expiry: Change::Clear,
            session_type: SessionType::User.into(),
            description: String::from("new").into(),
            session_duration: Some(Duration::from_secs(60)),
            ..AppTokenChanges::default()
        };
        let expected =
            serde_json::json!({"expiry__null": "", "sessionType": 0, "sessionDuration": 60, "description": "new"});
        assert_eq!(serde_json::to_value(changes).unwrap(), expected);
        assert_eq!(serde_json::to_value(AppTokenChanges::default()).unwrap(), serde_json::json!({}));
    }
}
