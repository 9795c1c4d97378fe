use alloc::string::String;

use serde::{Serialize, Serializer};

use super::object::{UserRole, UserRoleStatus};
use crate::api::list::{ListAction, Page, Pager};
use crate::wire::action::{Action, Repeat};

/// `userRole.list`: one page of the roles that the account can use; [`AllPages`](crate::AllPages) reads all of them.
///
/// Kaltura's own roles, of partner 0, are among them. Needs an admin session or a role with `ADMIN_BASE` or
/// `ACCOUNT_BASE`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct List {
    /// Which roles.
    pub filter: UserRoleFilter,
    /// Which page; the first 30 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pager: Option<Pager>,
}

/// Which roles: `KalturaUserRoleFilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleFilter {
    /// The one with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_equal: Option<i64>,
    /// Those with these ids, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_in: Option<String>,
    /// The one with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_equal: Option<String>,
    /// Those with these names, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_in: Option<String>,
    /// The one with this name for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name_equal: Option<String>,
    /// Those with these names for programs, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name_in: Option<String>,
    /// Those whose description holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_like: Option<String>,
    /// Those with this status.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "status_code")]
    pub status_equal: Option<UserRoleStatus>,
    /// Those of this account; 0 for Kaltura's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id_equal: Option<i64>,
    /// In which order; unspecified if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<UserRoleOrder>,
}

/// The order of a list: `KalturaUserRoleOrderBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum UserRoleOrder {
    /// By id.
    #[serde(rename = "+id")]
    Id,
    /// By id, from the largest.
    #[serde(rename = "-id")]
    IdDown,
    /// By name.
    #[serde(rename = "+name")]
    Name,
    /// By name, from the last.
    #[serde(rename = "-name")]
    NameDown,
    /// The oldest first.
    #[serde(rename = "+createdAt")]
    CreatedFirst,
    /// The newest first.
    #[serde(rename = "-createdAt")]
    CreatedLast,
    /// Those first that were not changed for the longest time.
    #[serde(rename = "+updatedAt")]
    UpdatedFirst,
    /// Those first that were changed last.
    #[serde(rename = "-updatedAt")]
    UpdatedLast,
}

impl Action for List {
    type Reply = Page<UserRole>;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "list";
    const REPEAT: Repeat = Repeat::Always;
}

impl ListAction for List {
    type Item = UserRole;

    fn turn_to(&mut self, pager: Pager) {
        self.pager = Some(pager);
        self.filter.order_by.get_or_insert(UserRoleOrder::Id);
    }

    fn is_same(one: &UserRole, other: &UserRole) -> bool {
        one.id == other.id
    }
}

fn status_code<S: Serializer>(status: &Option<UserRoleStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(UserRoleStatus::code).serialize(serializer)
}
