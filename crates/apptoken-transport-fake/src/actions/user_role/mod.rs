//! The service `userRole`.

pub(crate) mod add;
pub(crate) mod clone;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;

use crate::actions::action::Call;
use crate::error::{self, ApiError};
use crate::model::collation;
use crate::model::role::RoleRow;
use crate::output::Record;
use crate::permissions::shown_names;

/// The role with the id of the argument `userRoleId`, for a change: one of the caller's own account.
fn own_role(call: &Call<'_>) -> Result<RoleRow, ApiError> {
    let own = call.context.permissions_partner_id();
    role_that(call, |role| role.partner_id == own && own != 0)
}

/// The role with the id of the argument `userRoleId`, to be shown: one that the caller sees, or one of partner 0.
fn shown_role(call: &Call<'_>) -> Result<RoleRow, ApiError> {
    role_that(call, |role| is_shown(call, role))
}

fn role_that(call: &Call<'_>, is_wanted: impl Fn(&RoleRow) -> bool) -> Result<RoleRow, ApiError> {
    let id = call.arguments.int("userRoleId");
    let role = call.state.roles.get(&id).filter(|role| !role.is_deleted() && is_wanted(role)).cloned();
    role.ok_or_else(|| error::INVALID_OBJECT_ID.with(&[&id.to_string()]))
}

fn is_shown(call: &Call<'_>, role: &RoleRow) -> bool {
    role.partner_id == 0 || call.context.visible_partners().contains(&role.partner_id)
}

/// The API object of a role, with `*` expanded for the account of the caller.
fn record(call: &Call<'_>, role: &RoleRow) -> Record {
    let names = shown_names(call.state, role, call.context.permissions_partner_id());
    crate::objects::user_role::record(role, names, call.profile)
}

/// Checks that no role of the account or of partner 0 has the name.
fn check_name_is_free(call: &Call<'_>, name: &str) -> Result<(), ApiError> {
    let name = collation::fold(name);
    let is_taken =
        |role: &RoleRow| role.is_of(call.partner_id()) && !role.is_deleted() && collation::fold(&role.name) == name;
    if call.state.roles.values().any(is_taken) { Err(error::ROLE_NAME_ALREADY_EXISTS.plain()) } else { Ok(()) }
}

/// Checks that no other role that the caller sees has the system name.
fn check_system_name_is_free(call: &Call<'_>, system_name: Option<&str>, own_id: Option<i64>) -> Result<(), ApiError> {
    let Some(system_name) = system_name.filter(|name| crate::php::cast::is_true_text(name)) else { return Ok(()) };
    let folded = collation::fold(system_name);
    let partners = call.context.visible_partners();
    let is_taken = |role: &RoleRow| {
        partners.contains(&role.partner_id)
            && !role.is_deleted()
            && Some(role.id) != own_id
            && role.system_name.as_deref().is_some_and(|name| collation::fold(name) == folded)
    };
    if call.state.roles.values().any(is_taken) {
        return Err(error::SYSTEM_NAME_ALREADY_EXISTS.with(&[system_name]));
    }
    Ok(())
}
