//! `user.get`: `getAction` in Kaltura's `api_v3/services/UserService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::Serialize;

use super::object::User;
use crate::error::Error;
use crate::value::text::check_set_or_absent;
use crate::wire::action::{Action, Repeat};

/// `user.get`: reads a user. Reading a user other than the session's own needs an admin session.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Get {
    /// The id of the user; the session's own user if left out.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl Action for Get {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        check_set_or_absent(self.user_id.as_ref(), "the user id", "the session's own user")
    }
}
