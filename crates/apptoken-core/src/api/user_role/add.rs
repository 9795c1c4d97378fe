use alloc::string::String;

use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::Action;

/// `userRole.add`: creates a role. Needs an admin session or a role with `ADMIN_ROLE_ADD`.
///
/// A name that the account or Kaltura itself uses already is `ROLE_NAME_ALREADY_EXISTS`.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The role.
    #[serde(rename = "userRole")]
    pub user_role: NewUserRole,
}

/// What a new role should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUserRole {
    /// The name, not empty.
    pub name: String,
    /// The name for programs, which `setrole` takes too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it permits, separated by commas, or `*` for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_names: Option<String>,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
}

impl NewUserRole {
    /// A role with this name and these permissions.
    #[must_use]
    pub fn new(name: impl Into<String>, permission_names: &[&str]) -> Self {
        Self { name: name.into(), permission_names: Some(permission_names.join(",")), ..Self::default() }
    }
}

impl Action for Add {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "add";
}
