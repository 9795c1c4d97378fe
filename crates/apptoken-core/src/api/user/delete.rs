use alloc::string::String;

use serde::Serialize;

use super::object::User;
use crate::wire::action::Action;

/// `user.delete`: deletes a user, and every app token whose sessions have this user.
///
/// Sessions of those tokens that are running go on; to end them, revoke the tokens first. Needs an admin session or a role
/// with `ADMIN_USER_DELETE`.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The user.
    #[serde(rename = "userId")]
    pub user_id: String,
}

impl Action for Delete {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "delete";
}
