//! `appToken.startSession`: `startSessionAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/start_session_fields.jsonl`, `scenarios/start_session_privileges.jsonl` and
//! `scenarios/start_session_errors.jsonl` of `apptoken-golden`.

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::value::ids::AppTokenId;
use crate::value::ks::Ks;
use crate::value::lifetime::check_lifetime;
use crate::value::privileges::Privileges;
use crate::value::secrets::TokenHash;
use crate::value::session_type::SessionType;
use crate::value::text::check_set_or_absent;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::{serialize_secret, serialize_whole_seconds};
use crate::wire::lenient::number_or_string;

/// `appToken.startSession`: exchanges a token's id and token hash for a session.
///
/// Send it with exactly the KS that the hash was computed with. [`Login`](crate::Login) does all of this.
#[derive(Clone, Debug, Serialize)]
pub struct StartSession {
    /// The id of the token.
    pub id: AppTokenId,
    /// The hash of the KS and the token's value.
    #[serde(rename = "tokenHash", serialize_with = "serialize_secret")]
    pub token_hash: TokenHash,
    /// The requested settings of the session.
    #[serde(flatten)]
    pub options: SessionOptions,
}

/// The requested settings of a session, where its app token does not fix them.
///
/// If the token fixes a setting, the server ignores the request without an error. A user or type that was requested and
/// overridden is an error of the login, unless [`token_may_override`](Self::token_may_override) is set;
/// [`Session::changes`](crate::Session::changes) reports every other difference.
///
/// As JSON it has the names of the action's parameters: `userId`, `type` (0 user, 2 admin), `expiry` (the lifetime in seconds),
/// `sessionPrivileges`. A configuration file can also have `tokenMayOverride`, which is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionOptions {
    /// The user, if the token fixes none. The server does not check that the user exists.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The session type, if the token fixes none; a user session if absent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// The lifetime of the session in whole seconds, from 1 s to 10 years; the longest that the token allows if absent.
    /// The token's `sessionDuration` and expiry limit it.
    #[serde(
        rename = "expiry",
        skip_serializing_if = "Option::is_none",
        serialize_with = "serialize_whole_seconds",
        deserialize_with = "deserialize_whole_seconds"
    )]
    pub lifetime: Option<Duration>,
    /// Further privileges. The server drops reserved ones (such as `edit`, `list`, `setrole`) without an error, unless
    /// the token has that privilege with the value `*`.
    #[serde(rename = "sessionPrivileges", skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
    /// Accepts a session of another user or type than requested, because the token fixes it; not sent. Off by default: a
    /// program that requests one user must not work as another.
    #[serde(rename = "tokenMayOverride", skip_serializing)]
    pub token_may_override: bool,
}

impl SessionOptions {
    /// Refuses settings that the server would misread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a lifetime outside the limits, for a user id that is
    /// empty or contains a control character, and for a privilege such as `setrole:` without a value.
    pub fn check(&self) -> Result<(), Error> {
        check_lifetime(self.lifetime)?;
        self.privileges.iter().try_for_each(Privileges::check_restrictions)?;
        check_set_or_absent(self.user_id.as_ref(), "the session's user id", "a session without a user")?;
        match &self.user_id {
            Some(user_id) if user_id.chars().any(char::is_control) => {
                Err(Error::invalid_input("the session's user id contains a control character"))
            }
            _ => Ok(()),
        }
    }
}

fn deserialize_whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
}

impl Action for StartSession {
    type Reply = StartedSession;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "startSession";
    // A session that nobody uses leaves nothing behind: the server stores no session, and does not change token or user.
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }
}

/// A new session: `KalturaSessionInfo`, as `appToken.startSession` returns it.
#[derive(Clone, Debug, Deserialize)]
pub struct StartedSession {
    /// The KS of the session.
    pub ks: Ks,
    /// The session type.
    #[serde(rename = "sessionType")]
    pub session_type: SessionType,
    /// The account of the session.
    // A string on release Venus-22.19.0, because the server takes it from the KS; a number in other actions.
    #[serde(rename = "partnerId", deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// The user of the session, or an empty string.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// When the session expires, by the server's clock.
    pub expiry: UnixSeconds,
    /// The privileges of the session.
    pub privileges: Privileges,
}
