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
use crate::wire::action::Action;
use crate::wire::encode::whole_seconds;

/// `appToken.add`: creates an app token. Needs an admin session or a role with `APP_TOKEN_ADD`.
///
/// It is not idempotent: after an unknown outcome look for the token by its description before adding it again, as
/// [`Provision`](crate::admin::Provision) does.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The token.
    #[serde(rename = "appToken")]
    pub app_token: NewAppToken,
}

/// What a new app token should be. What is left out is the server's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAppToken {
    /// When it ends; never if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<TokenExpiry>,
    /// The kind of its sessions. If left out, whoever holds the token may start admin sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// The user of its sessions, created without roles if there is none of this id. If left out, whoever holds the token
    /// chooses, and adding fails in accounts without an anonymous user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_user_id: Option<String>,
    /// The longest that a session of it lasts, in whole seconds; the account's maximum, usually a day, if left out.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "whole_seconds")]
    pub session_duration: Option<Duration>,
    /// The privileges of its sessions. The server checks nothing of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_privileges: Option<Privileges>,
    /// How its hash is taken; SHA1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_type: Option<HashType>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Action for Add {
    type Reply = AppToken;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "add";

    fn check(&self) -> Result<(), Error> {
        check_not_zero(self.app_token.session_duration)
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
    fn durations_that_would_be_sent_as_0_are_refused() {
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
