use alloc::string::String;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::object::User;
use crate::value::change::Change;
use crate::wire::action::Action;

/// `user.update`: changes a user; what is kept is not sent. Needs an admin session or a role with `ADMIN_USER_UPDATE`.
///
/// No user can change its own roles (`CANNOT_CHANGE_OWN_ROLE`).
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// The user.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// What changes.
    #[serde(rename = "user")]
    pub changes: UserChanges,
}

/// What changes in a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// The name that is shown.
    pub screen_name: Change<String>,
    /// The first name.
    pub first_name: Change<String>,
    /// The last name.
    pub last_name: Change<String>,
    /// The address.
    pub email: Change<String>,
    /// The ids of all its roles, separated by commas: roles that are not named are taken away.
    pub role_ids: Change<String>,
    /// Tags, separated by commas.
    pub tags: Change<String>,
    /// Free text.
    pub description: Change<String>,
    /// Free text of the account's own programs.
    pub partner_data: Change<String>,
}

impl Serialize for UserChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { screen_name, first_name, last_name, email, role_ids, tags, description, partner_data } = self;
        let mut map = serializer.serialize_map(None)?;
        screen_name.write(&mut map, "screenName", "screenName__null")?;
        first_name.write(&mut map, "firstName", "firstName__null")?;
        last_name.write(&mut map, "lastName", "lastName__null")?;
        email.write(&mut map, "email", "email__null")?;
        role_ids.write(&mut map, "roleIds", "roleIds__null")?;
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
}
