use serde::Serialize;

use super::object::UserRole;
use crate::wire::action::{Action, Repeat};

/// `userRole.get`: reads a role. Needs an admin session or a role with `ADMIN_BASE`.
#[derive(Clone, Debug, Serialize)]
pub struct Get {
    /// The role.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
}

impl Action for Get {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}
