//! `user.delete`: `deleteAction` in Kaltura's `api_v3/services/UserService.php`.
//!
//! Recorded in `recordings/invalidation.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::Serialize;

use super::object::User;
use crate::error::Error;
use crate::value::text::check_set;
use crate::wire::action::Action;

/// `user.delete`: deletes a user and every app token that is fixed to this user.
///
/// Sessions of those tokens remain valid. To revoke them too, revoke the tokens first. Needs an admin session or a role
/// with `ADMIN_USER_DELETE`.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The id of the user.
    #[serde(rename = "userId")]
    pub user_id: String,
}

impl Action for Delete {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "delete";

    fn check(&self) -> Result<(), Error> {
        check_set(&self.user_id, "the user id")
    }
}
