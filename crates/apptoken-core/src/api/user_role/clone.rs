//! `userRole.clone`: `cloneAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Written from the server's source; there is no recording of it.

use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::Action;

/// `userRole.clone`: copies a role into the account, for example one of Kaltura's own roles. Needs an admin session or a
/// role with `ADMIN_ROLE_ADD`.
///
/// The name of the copy is the original name followed by ` copy (<date>)`.
#[derive(Clone, Debug, Serialize)]
pub struct CloneRole {
    /// The id of the role to copy.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for CloneRole {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "clone";
}
