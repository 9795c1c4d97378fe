use apptoken_core::PartnerId;
use serde::{Deserialize, Serialize};

use crate::model::checked;

/// A widget: what an anonymous session is asked for with. Every account has the widget `_<id>` from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    pub(crate) id: String,
    #[serde(deserialize_with = "checked::account_id")]
    pub(crate) partner_id: u32,
    pub(crate) privileges: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) entry_id: Option<String>,
    pub(crate) enforce_entitlement: bool,
    pub(crate) privacy_context: Option<String>,
}

impl Widget {
    /// A widget without anything of its own; the id looks like `1_xxxxxxxx`.
    #[must_use]
    pub fn new(id: &str, account: PartnerId) -> Self {
        Self::of(id.to_owned(), account.get())
    }

    pub(crate) fn of(id: String, partner_id: u32) -> Self {
        Self {
            id,
            partner_id,
            privileges: None,
            roles: Vec::new(),
            entry_id: None,
            enforce_entitlement: false,
            privacy_context: None,
        }
    }

    /// The privileges of its sessions, in place of `view:*`.
    #[must_use]
    pub fn privileges(mut self, privileges: &str) -> Self {
        self.privileges = Some(privileges.to_owned());
        self
    }

    /// Gives its sessions a role; may be called again for more.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// Limits its sessions to an entry.
    #[must_use]
    pub fn entry(mut self, entry_id: &str) -> Self {
        self.entry_id = Some(entry_id.to_owned());
        self
    }

    /// Keeps entitlement in force for the entry, in accounts with `FEATURE_ENTITLEMENT`.
    #[must_use]
    pub fn enforce_entitlement(mut self, yes: bool) -> Self {
        self.enforce_entitlement = yes;
        self
    }

    /// The privacy context of its sessions, in accounts with `FEATURE_ENTITLEMENT`.
    #[must_use]
    pub fn privacy_context(mut self, context: &str) -> Self {
        self.privacy_context = Some(context.to_owned());
        self
    }
}
