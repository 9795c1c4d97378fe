use apptoken_core::PartnerId;
use serde::{Deserialize, Serialize};

use crate::model::checked;

/// A widget, for which `session.startWidgetSession` creates anonymous sessions. Every account has the widget `_<id>`.
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
    /// A widget with default settings. Its id usually looks like `1_xxxxxxxx`.
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

    /// Sets the privileges of its sessions, instead of `view:*`.
    #[must_use]
    pub fn privileges(mut self, privileges: &str) -> Self {
        self.privileges = Some(privileges.to_owned());
        self
    }

    /// Adds a role to its sessions.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// Restricts its sessions to an entry.
    #[must_use]
    pub fn entry(mut self, entry_id: &str) -> Self {
        self.entry_id = Some(entry_id.to_owned());
        self
    }

    /// Sets whether entitlement also applies to that entry, in accounts with `FEATURE_ENTITLEMENT`.
    #[must_use]
    pub fn enforce_entitlement(mut self, yes: bool) -> Self {
        self.enforce_entitlement = yes;
        self
    }

    /// Sets the privacy context of its sessions, in accounts with `FEATURE_ENTITLEMENT`.
    #[must_use]
    pub fn privacy_context(mut self, context: &str) -> Self {
        self.privacy_context = Some(context.to_owned());
        self
    }
}
