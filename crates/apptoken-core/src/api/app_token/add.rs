//! `appToken.add`: `addAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/app_token_add.jsonl` of `apptoken-golden`.

use alloc::string::String;
use core::time::Duration;

use serde::Serialize;

use super::object::AppToken;
use crate::error::Error;
use crate::value::hash::HashType;
use crate::value::lifetime::TokenExpiry;
use crate::value::lifetime::check_not_zero;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::text::check_set_or_absent;
use crate::wire::action::Action;
use crate::wire::encode::serialize_whole_seconds;

/// `appToken.add`: creates an app token. Needs an admin session or a role with `APP_TOKEN_ADD`.
///
/// It is not idempotent: each call creates a token. After an unknown outcome, search for the token by its description
/// before you add it again, as [`Provision`](crate::admin::Provision) does.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The settings of the token.
    #[serde(rename = "appToken")]
    pub app_token: NewAppToken,
}

/// The settings of a new app token. For those left out, the server uses its defaults.
// Read-only fields (id, token, partnerId, createdAt, updatedAt, status) are missing on purpose: the server refuses them
// with PROPERTY_VALIDATION_NOT_UPDATABLE, so an object that was read cannot be sent back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAppToken {
    /// When the token expires; never if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<TokenExpiry>,
    /// The type of the token's sessions. If left out, anyone who holds the token can start admin sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// The user of the token's sessions. The server creates the user, without roles, if it does not exist. If left out,
    /// anyone who holds the token chooses the user, and `appToken.add` fails in accounts without an anonymous user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_user_id: Option<String>,
    /// The longest lifetime of the token's sessions, in whole seconds. If left out, the account's maximum, usually a day.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_whole_seconds")]
    pub session_duration: Option<Duration>,
    /// The privileges of the token's sessions. The server does not validate them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_privileges: Option<Privileges>,
    /// The hash type of the token; SHA1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_type: Option<HashType>,
    /// A free-text description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Action for Add {
    type Reply = AppToken;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "add";

    fn check(&self) -> Result<(), Error> {
        let NewAppToken { session_user_id, session_duration, session_privileges, .. } = &self.app_token;
        session_privileges.iter().try_for_each(Privileges::check_restrictions)?;
        check_set_or_absent(session_user_id.as_ref(), "the token's session user id", "a token without a fixed user")?;
        check_not_zero(*session_duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::app_token::{AppTokenChanges, Update};
    use crate::error::kind::ErrorKind;
    use crate::exchange::batch::Batch;
    use crate::exchange::call::Call;
    use crate::value::ids::AppTokenId;
    use crate::value::time::{Moment, UnixSeconds};
    use crate::wire::endpoint::Endpoint;

    #[test]
    fn durations_below_one_second_are_refused() {
        let endpoint = || Endpoint::parse("https://example.org").unwrap();
        let now = Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO };
        for short in [Duration::ZERO, Duration::from_millis(999)] {
            let add = Add { app_token: NewAppToken { session_duration: Some(short), ..NewAppToken::default() } };
            let changes = AppTokenChanges { session_duration: Some(short), ..AppTokenChanges::default() };
            let update = Update { id: AppTokenId::parse("0_abcd1234").unwrap(), changes };
            let mut batch = Batch::new(endpoint());
            for error in [
                batch.push(&add).unwrap_err(),
                Call::new(endpoint(), add).start(now).unwrap_err(),
                Call::new(endpoint(), update).start(now).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(alloc::format!("{error}").contains("at least one second"), "{error}");
            }
        }
    }
}
