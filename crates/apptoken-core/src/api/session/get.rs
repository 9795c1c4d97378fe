//! `session.get`: `getAction` in Kaltura's `api_v3/services/SessionService.php`.
//!
//! Recorded in `scenarios/session_get.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::serialize_optional_secret;
use crate::wire::lenient::number_or_string;

/// `session.get`: returns the fields of a KS, decoded by the server. Needs an admin session.
///
/// The server only decodes the KS: it describes an expired or revoked session like any other.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Get {
    /// The session to describe; the one that makes the call if left out.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_optional_secret")]
    pub session: Option<Ks>,
}

impl Action for Get {
    type Reply = SessionInfo;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}

/// The fields of a session: `KalturaSessionInfo`, as `session.get` returns it.
// All its numbers are strings on release Venus-22.19.0, because the server copies them from the KS.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session type: 0 user, 2 admin.
    #[serde(deserialize_with = "number_or_string")]
    pub session_type: i64,
    /// The account of the session.
    #[serde(deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// The user of the session, or an empty string.
    #[serde(default)]
    pub user_id: String,
    /// When the session expires.
    pub expiry: UnixSeconds,
    /// The privileges of the session.
    #[serde(default)]
    pub privileges: Privileges,
}
