//! `session.impersonate`: `impersonateAction` in Kaltura's `api_v3/services/SessionService.php`.
//!
//! Written from the server's source; there is no recording of it.

use alloc::string::String;
use core::time::Duration;

use serde::Serialize;

use crate::error::Error;
use crate::value::ids::PartnerId;
use crate::value::ks::Ks;
use crate::value::lifetime::check_not_zero;
use crate::value::privileges::Privileges;
use crate::value::secrets::AccountSecret;
use crate::value::session_type::SessionType;
use crate::value::text::check_set_or_absent;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::{serialize_secret, serialize_whole_seconds};

/// `session.impersonate`: starts a session of a child account with the secret of its parent account.
///
/// The server reports every failure as `START_SESSION_ERROR`.
#[derive(Clone, Debug, Serialize)]
pub struct Impersonate {
    /// The parent account's admin secret.
    #[serde(serialize_with = "serialize_secret")]
    pub secret: AccountSecret,
    /// The parent account.
    #[serde(rename = "partnerId")]
    pub partner: PartnerId,
    /// The child account, to which the session belongs.
    #[serde(rename = "impersonatedPartnerId")]
    pub impersonated_partner: PartnerId,
    /// The session type.
    #[serde(rename = "type")]
    pub session_type: SessionType,
    /// The user of the session; none if left out.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The lifetime of the session in whole seconds; a day if left out.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none", serialize_with = "serialize_whole_seconds")]
    pub lifetime: Option<Duration>,
    /// The privileges of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
}

impl Action for Impersonate {
    type Reply = Ks;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "impersonate";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        check_set_or_absent(self.user_id.as_ref(), "the session's user id", "a session without a user")?;
        check_not_zero(self.lifetime)
    }
}
