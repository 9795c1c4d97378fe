use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::Action;

/// `userRole.delete`: deletes a role that no user has (`ROLE_IS_BEING_USED` otherwise). Needs an admin session or a role
/// with `ADMIN_ROLE_DELETE`.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The role.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for Delete {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "delete";
}
