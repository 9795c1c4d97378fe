//! `userRole.update`: `updateAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Written from the server's source; there is no recording of it.

use alloc::string::String;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::object::UserRole;
use crate::error::Error;
use crate::value::change::Change;
use crate::value::text::check_set_or_absent;
use crate::wire::action::Action;

/// `userRole.update`: changes a role. Unchanged fields are not sent. Needs an admin session or a role with
/// `ADMIN_ROLE_UPDATE`.
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// The id of the role.
    #[serde(rename = "userRoleId")]
    pub user_role_id: i64,
    /// The changes.
    #[serde(rename = "userRole")]
    pub changes: UserRoleChanges,
}

/// Changes of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRoleChanges {
    /// The name. It cannot be cleared.
    pub name: Option<String>,
    /// The system name.
    pub system_name: Change<String>,
    /// A free-text description.
    pub description: Change<String>,
    /// The permissions of the role, separated by commas, or `*` for all.
    pub permission_names: Change<String>,
    /// Tags, separated by commas.
    pub tags: Change<String>,
}

impl Serialize for UserRoleChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, system_name, description, permission_names, tags } = self;
        let mut map = serializer.serialize_map(None)?;
        if let Some(name) = name {
            map.serialize_entry("name", name)?;
        }
        system_name.write_text(&mut map, "systemName")?;
        description.write(&mut map, "description", "description__null")?;
        permission_names.write(&mut map, "permissionNames", "permissionNames__null")?;
        tags.write(&mut map, "tags", "tags__null")?;
        map.end()
    }
}

impl Action for Update {
    type Reply = UserRole;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "update";

    fn check(&self) -> Result<(), Error> {
        check_set_or_absent(self.changes.name.as_ref(), "the role's name", "the present name")
    }
}
