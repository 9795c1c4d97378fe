//! `userRole.add`: `addAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::Serialize;

use super::object::UserRole;
use crate::error::Error;
use crate::value::text::check_set;
use crate::wire::action::Action;

/// `userRole.add`: creates a role. Needs an admin session or a role with `ADMIN_ROLE_ADD`.
///
/// Fails with `ROLE_NAME_ALREADY_EXISTS` if a role of the account or one of Kaltura's own roles has the name.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The settings of the role.
    #[serde(rename = "userRole")]
    pub user_role: NewUserRole,
}

/// The settings of a new role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUserRole {
    /// The name; it must not be empty.
    pub name: String,
    /// The system name, which the privilege `setrole` accepts too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name: Option<String>,
    /// A free-text description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The permissions of the role, separated by commas, or `*` for all.
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

    fn check(&self) -> Result<(), Error> {
        check_set(&self.user_role.name, "the role's name")
    }
}
