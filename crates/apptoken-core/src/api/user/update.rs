//! `user.update`: `updateAction` in Kaltura's `api_v3/services/UserService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::object::User;
use crate::error::Error;
use crate::value::change::Change;
use crate::value::text::check_set;
use crate::wire::action::Action;

/// `user.update`: changes a user. Unchanged fields are not sent. Needs an admin session or a role with `ADMIN_USER_UPDATE`.
///
/// Users cannot change their own roles (`CANNOT_CHANGE_OWN_ROLE`).
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// The id of the user.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// The changes.
    #[serde(rename = "user")]
    pub changes: UserChanges,
}

/// Changes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// The display name; if cleared, an empty string.
    pub screen_name: Change<String>,
    /// The first name.
    pub first_name: Change<String>,
    /// The last name.
    pub last_name: Change<String>,
    /// The e-mail address.
    pub email: Change<String>,
    /// The ids of all roles of the user, separated by commas. The user loses roles that are not in the list.
    pub role_ids: Change<String>,
    /// Tags, separated by commas.
    pub tags: Change<String>,
    /// A free-text description.
    pub description: Change<String>,
    /// Free text for the account's own use.
    pub partner_data: Change<String>,
}

impl Serialize for UserChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { screen_name, first_name, last_name, email, role_ids, tags, description, partner_data } = self;
        let mut map = serializer.serialize_map(None)?;
        screen_name.write_text(&mut map, "screenName")?;
        first_name.write_text(&mut map, "firstName")?;
        last_name.write_text(&mut map, "lastName")?;
        email.write_text(&mut map, "email")?;
        role_ids.write_text(&mut map, "roleIds")?;
        tags.write(&mut map, "tags", "tags__null")?;
        description.write(&mut map, "description", "description__null")?;
        partner_data.write(&mut map, "partnerData", "partnerData__null")?;
        map.end()
    }
}

impl Action for Update {
    type Reply = User;
    const SERVICE: &'static str = "user";
    const ACTION: &'static str = "update";

    fn check(&self) -> Result<(), Error> {
        check_set(&self.user_id, "the user id")
    }
}
