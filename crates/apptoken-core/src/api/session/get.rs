use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::exposed_if_any;
use crate::wire::lenient::number_or_text;

/// `session.get`: what a KS says, read by the server. Needs an admin session.
///
/// The server only decodes: a session that has ended or been ended is described like any other.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Get {
    /// The session to describe; the caller's own if left out.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    pub session: Option<Ks>,
}

impl Action for Get {
    type Reply = SessionInfo;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}

/// `KalturaSessionInfo`, as `session.get` returns it: all numbers arrive as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The number of its kind: 0 user, 2 admin.
    #[serde(deserialize_with = "number_or_text")]
    pub session_type: i64,
    /// Its account.
    #[serde(deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// Its user, or the empty text.
    #[serde(default)]
    pub user_id: String,
    /// When it ends.
    pub expiry: UnixSeconds,
    /// Its privileges.
    #[serde(default)]
    pub privileges: Privileges,
}
