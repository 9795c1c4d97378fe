use alloc::string::String;

use serde::Serialize;

use super::object::User;
use crate::wire::action::Action;

/// `user.add`: creates a user, with roles if wanted. Needs an admin session or a role with `ADMIN_USER_ADD`.
///
/// A user that is there already is `DUPLICATE_USER_BY_ID`.
#[derive(Clone, Debug, Serialize)]
pub struct Add {
    /// The user.
    pub user: NewUser,
}

/// What a new user should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// The id: 1 to 320 ASCII letters, digits and some punctuation, without blanks, slashes, colons and quotes.
    pub id: String,
    /// The name that is shown; the id if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The ids (not names) of its roles, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_ids: Option<String>,
    /// Tags, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free text of the account's own programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_data: Option<String>,
}

impl NewUser {
    /// A user with this id and nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

impl Action for Add {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "add";
}
