use alloc::string::String;
use core::time::Duration;

use serde::Serialize;

use super::{AppToken, TokenExpiry};
use crate::encode::whole_seconds;
use crate::{Action, HashType, Privileges, SessionType};

/// `appToken.add`: creates an app token. Needs an admin session or a role with `APP_TOKEN_ADD`.
///
/// It is not idempotent: after an unknown outcome look for the token by its description before adding it again, as
/// [`Provision`](crate::Provision) does.
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
}
