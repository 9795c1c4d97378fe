//! `user.add`: `addAction` in Kaltura's `api_v3/services/UserService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::Serialize;

use super::object::User;
use crate::error::Error;
use crate::value::text::check_set;
use crate::wire::action::Action;

/// `user.add`: creates a user, optionally with roles. Needs an admin session or a role with `ADMIN_USER_ADD`.
///
/// Fails with `DUPLICATE_USER_BY_ID` if the user exists.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The settings of the user.
    pub user: NewUser,
}

/// The settings of a new user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// The id: 1 to 320 ASCII letters, digits and some punctuation, without whitespace, slashes, colons and quotes.
    pub id: String,
    /// The display name; the id if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The ids (not names) of the user's roles, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_ids: Option<String>,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// A free-text description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free text for the account's own use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_data: Option<String>,
}

impl NewUser {
    /// A user with this id and no other settings.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

impl Action for Add {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "add";

    fn check(&self) -> Result<(), Error> {
        check_set(&self.user.id, "the user id")
    }
}
