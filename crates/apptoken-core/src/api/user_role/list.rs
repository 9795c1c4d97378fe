//! `userRole.list`: `listAction` in Kaltura's `api_v3/services/UserRoleService.php`.
//!
//! Recorded in `scenarios/users_and_roles.jsonl` of `apptoken-golden`.

use alloc::string::String;

use serde::{Serialize, Serializer};

use super::object::{UserRole, UserRoleStatus};
use crate::api::list::{ListAction, Page, Pager};
use crate::error::Error;
use crate::value::text::check_set_or_absent;
use crate::wire::action::{Action, Repeat};

/// `userRole.list`: one page of the roles that the account can use; [`AllPages`](crate::AllPages) reads all of them.
///
/// The list includes Kaltura's own roles, which belong to partner 0. Needs an admin session or a role with `ADMIN_BASE` or
/// `ACCOUNT_BASE`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct List {
    /// The roles to list.
    pub filter: UserRoleFilter,
    /// The page to return; the first 30 roles if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pager: Option<Pager>,
}

/// Selects roles: `KalturaUserRoleFilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleFilter {
    /// The role with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_equal: Option<i64>,
    /// Roles with one of these ids, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_in: Option<String>,
    /// The role with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_equal: Option<String>,
    /// Roles with one of these names, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_in: Option<String>,
    /// The role with this system name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name_equal: Option<String>,
    /// Roles with one of these system names, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_name_in: Option<String>,
    /// Roles whose description contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_like: Option<String>,
    /// Roles with this status.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "status_code")]
    pub status_equal: Option<UserRoleStatus>,
    /// Roles of this account; 0 for Kaltura's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id_equal: Option<i64>,
    /// The order of the list; unspecified if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<UserRoleOrder>,
}

/// The order of a list: `KalturaUserRoleOrderBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum UserRoleOrder {
    /// By id, ascending.
    #[serde(rename = "+id")]
    Id,
    /// By id, descending.
    #[serde(rename = "-id")]
    IdDescending,
    /// By name, ascending.
    #[serde(rename = "+name")]
    Name,
    /// By name, descending.
    #[serde(rename = "-name")]
    NameDescending,
    /// Oldest first.
    #[serde(rename = "+createdAt")]
    CreatedFirst,
    /// Newest first.
    #[serde(rename = "-createdAt")]
    CreatedLast,
    /// Least recently changed first.
    #[serde(rename = "+updatedAt")]
    UpdatedFirst,
    /// Most recently changed first.
    #[serde(rename = "-updatedAt")]
    UpdatedLast,
}

impl Action for List {
    type Reply = Page<UserRole>;
    const SERVICE: &'static str = "userRole";
    const ACTION: &'static str = "list";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        let UserRoleFilter {
            id_equal: _,
            id_in,
            name_equal,
            name_in,
            system_name_equal,
            system_name_in,
            description_like,
            status_equal: _,
            partner_id_equal: _,
            order_by: _,
        } = &self.filter;
        // The server ignores an empty text in a filter, so the caller would take all roles for those that it asked for.
        [id_in, name_equal, name_in, system_name_equal, system_name_in, description_like]
            .into_iter()
            .try_for_each(|filter| check_set_or_absent(filter.as_ref(), "a filter of roles", "all roles"))
    }
}

impl ListAction for List {
    type Item = UserRole;

    fn set_page(&mut self, pager: Pager) {
        self.pager = Some(pager);
        // Ids ascend, so a role that is added between two requests comes last.
        self.filter.order_by.get_or_insert(UserRoleOrder::Id);
    }

    fn is_same(one: &UserRole, other: &UserRole) -> bool {
        one.id == other.id
    }
}

fn status_code<S: Serializer>(status: &Option<UserRoleStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(UserRoleStatus::code).serialize(serializer)
}
