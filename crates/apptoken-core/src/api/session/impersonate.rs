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

/// `session.impersonate`: a session of a child account by the secret of its parent.
///
/// Whatever is wrong, the server says `START_SESSION_ERROR`.
#[derive(Clone, Debug, Serialize)]
pub struct Impersonate {
    /// The parent account's admin secret.
    #[serde(serialize_with = "exposed")]
    pub secret: AccountSecret,
    /// The parent account.
    #[serde(rename = "partnerId")]
    pub partner: PartnerId,
    /// The child account, which the session is for.
    #[serde(rename = "impersonatedPartnerId")]
    pub impersonated_partner: PartnerId,
    /// The kind of session.
    #[serde(rename = "type")]
    pub session_type: SessionType,
    /// The user; none if left out.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How long it is to last, in whole seconds; a day if left out.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none", serialize_with = "whole_seconds")]
    pub lifetime: Option<Duration>,
    /// Its privileges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
}

impl Action for Impersonate {
    type Reply = Ks;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "impersonate";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        check_not_zero(self.lifetime)
    }
}
