use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::Action;

/// `userRole.clone`: copies a role into the account, one of Kaltura's own for instance. Needs an admin session or a role
/// with `ADMIN_ROLE_ADD`.
///
/// The copy's name is the old one with ` copy (<date>)` behind it.
#[derive(Clone, Debug, Serialize)]
pub struct CloneRole {
    /// The role to copy.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for CloneRole {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "clone";
}
