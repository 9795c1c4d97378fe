//! `userRole.delete`: `deleteAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Written from the server's source; there is no recording of it.

use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::Action;

/// `userRole.delete`: deletes a role. Needs an admin session or a role with `ADMIN_ROLE_DELETE`.
///
/// Fails with `ROLE_IS_BEING_USED` if a user has the role.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The id of the role.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for Delete {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "delete";
}
