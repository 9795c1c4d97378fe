//! `session.start`: `startAction` in Kaltura's `api_v3/services/SessionService.php`.
//!
//! Recorded in `scenarios/session_start.jsonl` and `scenarios/session_start_ordinary_path.jsonl` of `apptoken-golden`.

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

/// `session.start`: starts a session with the account's secret. App tokens exist to avoid this.
///
/// The admin secret starts any session, the user secret only [`SessionType::User`]. The holder of the secret can also
/// create a session without a request: see the crate `apptoken-ks`.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    /// The account's secret.
    #[serde(serialize_with = "serialize_secret")]
    pub secret: AccountSecret,
    /// The account.
    #[serde(rename = "partnerId")]
    pub partner: PartnerId,
    /// The session type.
    #[serde(rename = "type")]
    pub session_type: SessionType,
    /// The user of the session; none if left out.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The lifetime of the session in whole seconds; a day if left out. The server may limit it to the account's maximum.
    // The server answers `session.start` from a fast path that does not apply the maximum, as long as the account's secret
    // is in its cache; the ordinary path does. Observed on release Venus-22.19.0.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none", serialize_with = "serialize_whole_seconds")]
    pub lifetime: Option<Duration>,
    /// The privileges of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
}

impl Start {
    /// A session of this type, without user and privileges, with the default lifetime of a day.
    #[must_use]
    pub fn new(partner: PartnerId, secret: AccountSecret, session_type: SessionType) -> Self {
        Self { secret, partner, session_type, user_id: None, lifetime: None, privileges: None }
    }
}

impl Action for Start {
    type Reply = Ks;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "start";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        check_set_or_absent(self.user_id.as_ref(), "the session's user id", "a session without a user")?;
        self.privileges.iter().try_for_each(Privileges::check_restrictions)?;
        check_not_zero(self.lifetime)
    }
}
