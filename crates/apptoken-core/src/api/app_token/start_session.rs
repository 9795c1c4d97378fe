use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::value::ids::AppTokenId;
use crate::value::ks::Ks;
use crate::value::lifetime::check_lifetime;
use crate::value::privileges::Privileges;
use crate::value::secrets::TokenHash;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::{exposed, whole_seconds};
use crate::wire::lenient::number_or_text;

/// `appToken.startSession`: exchanges a token's id and hash for a session.
///
/// Send it with the very KS that the hash was taken over. [`Login`](crate::Login) does all of this.
#[derive(Clone, Debug, Serialize)]
pub struct StartSession {
    /// The token.
    pub id: AppTokenId,
    /// The hash over KS and token value.
    #[serde(rename = "tokenHash", serialize_with = "exposed")]
    pub token_hash: TokenHash,
    /// What the session should be.
    #[serde(flatten)]
    pub options: SessionOptions,
}

/// What a session should be, as far as its app token leaves it open.
///
/// What the token fixes wins silently over what is asked here; [`Session::changes`](crate::Session::changes) tells where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct SessionOptions {
    /// The user, if the token fixes none. The server does not check it; it need not exist.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The kind of session, if the token fixes none; a user session if absent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// How long the session is to last, in whole seconds, from 1 s to 10 years; as long as the token allows if absent.
    /// The token's `sessionDuration` and own end limit it.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none", serialize_with = "whole_seconds")]
    pub lifetime: Option<Duration>,
    /// Further privileges. The server drops its own ones (such as `edit`, `list`, `setrole`), unless the token holds that
    /// name with the value `*`.
    #[serde(rename = "sessionPrivileges", skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
}

impl SessionOptions {
    /// Refuses what the server would misread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) says what.
    pub fn check(&self) -> Result<(), Error> {
        check_lifetime(self.lifetime)?;
        match &self.user_id {
            Some(user_id) if user_id.is_empty() => {
                Err(Error::invalid_input("the session's user id is empty: leave it out for a session without a user"))
            }
            Some(user_id) if user_id.chars().any(char::is_control) => {
                Err(Error::invalid_input("the session's user id holds a control character"))
            }
            _ => Ok(()),
        }
    }
}

impl Action for StartSession {
    type Reply = StartedSession;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "startSession";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }
}

/// `KalturaSessionInfo`, as `appToken.startSession` returns it.
#[derive(Clone, Debug, Deserialize)]
pub struct StartedSession {
    /// The session.
    pub ks: Ks,
    /// Its kind.
    #[serde(rename = "sessionType")]
    pub session_type: SessionType,
    /// Its account, which the server sends as text.
    #[serde(rename = "partnerId", deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// Its user, or the empty text.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// When it ends, by the server's clock.
    pub expiry: UnixSeconds,
    /// Its privileges.
    pub privileges: Privileges,
}
