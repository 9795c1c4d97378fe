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
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::{exposed, whole_seconds};

/// `session.start`: a session by the account's secret, which is what app tokens are there to avoid.
///
/// The admin secret starts any session, the user secret only [`SessionType::User`]. A session can also be made without a
/// request, by signing it locally with the secret.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    /// The account's secret.
    #[serde(serialize_with = "exposed")]
    pub secret: AccountSecret,
    /// The account.
    #[serde(rename = "partnerId")]
    pub partner: PartnerId,
    /// The kind of session.
    #[serde(rename = "type")]
    pub session_type: SessionType,
    /// The user; none if left out.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How long it is to last, in whole seconds; a day if left out. Some servers limit it to the account's maximum.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none", serialize_with = "whole_seconds")]
    pub lifetime: Option<Duration>,
    /// Its privileges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
}

impl Start {
    /// A session of this kind, without user and privileges, for a day.
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
        check_not_zero(self.lifetime)
    }
}
