//! `userRole.get`: `getAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::{Action, Repeat};

/// `userRole.get`: reads a role. Needs an admin session or a role with `ADMIN_BASE`.
#[derive(Clone, Debug, Serialize)]
pub struct Get {
    /// The id of the role.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for Get {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}
