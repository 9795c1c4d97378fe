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
use crate::model::role::{RoleRow, STATUS_DELETED};
use crate::output::Record;
use crate::permissions::shown_names;

/// The role with the id of the argument `userRoleId`: of the account, or optionally of partner 0.
fn role_of(call: &Call<'_>, also_global: bool) -> Result<RoleRow, ApiError> {
    let id = call.arguments.int("userRoleId");
    let is_visible = |role: &&RoleRow| {
        role.status != STATUS_DELETED && (role.partner_id == call.partner_id() || also_global && role.partner_id == 0)
    };
    let role = call.state.roles.get(&id).filter(is_visible).cloned();
    role.ok_or_else(|| error::INVALID_OBJECT_ID.with(&[&id.to_string()]))
}

/// The API object of a role, with `*` expanded for the account of the caller.
fn record(call: &Call<'_>, role: &RoleRow) -> Record {
    let names = shown_names(call.state, role, call.context.permissions_partner_id());
    crate::objects::user_role::record(role, names, call.profile)
}

/// Checks that no role of the account or of partner 0 has the name.
fn check_name_is_free(call: &Call<'_>, name: &str) -> Result<(), ApiError> {
    let name = collation::fold(name);
    let is_taken = |role: &RoleRow| {
        role.is_of(call.partner_id()) && role.status != STATUS_DELETED && collation::fold(&role.name) == name
    };
    if call.state.roles.values().any(is_taken) { Err(error::ROLE_NAME_ALREADY_EXISTS.plain()) } else { Ok(()) }
}

/// Checks that no other role of the account has the system name.
fn check_system_name_is_free(call: &Call<'_>, system_name: Option<&str>, own_id: Option<i64>) -> Result<(), ApiError> {
    let Some(system_name) = system_name.filter(|name| crate::php::cast::is_true_text(name)) else { return Ok(()) };
    let folded = collation::fold(system_name);
    let is_taken = |role: &RoleRow| {
        role.partner_id == call.partner_id()
            && role.status != STATUS_DELETED
            && Some(role.id) != own_id
            && collation::fold(&role.system_name) == folded
    };
    if call.state.roles.values().any(is_taken) {
        return Err(error::SYSTEM_NAME_ALREADY_EXISTS.with(&[system_name]));
    }
    Ok(())
}
