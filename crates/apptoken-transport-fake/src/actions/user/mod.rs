//! The service `user`.

pub(crate) mod add;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod login;
pub(crate) mod update;

use crate::actions::action::Call;
use crate::error::{self, ApiError};
use crate::model::user::UserRow;
use crate::objects::Object;
use crate::output::Record;
use crate::php::cast::{is_true_text, text_to_int};

/// The user of the account with this id.
fn user_of(call: &Call<'_>, id: &str) -> Result<UserRow, ApiError> {
    call.state.users.find_for_reply(call.partner_id(), id).ok_or_else(|| error::INVALID_USER_ID.plain())
}

/// The API object of a user.
fn record(call: &Call<'_>, user: &UserRow) -> Record {
    let roles = call.state.roles.values().filter(|role| !role.is_deleted());
    crate::objects::user::record(user, roles, call.profile)
}

/// Names must not contain URLs.
fn check_names(object: &Object) -> Result<(), ApiError> {
    for name in ["firstName", "lastName", "fullName", "screenName"] {
        if object.text(name).is_some_and(|text| text.contains("://")) {
            return Err(error::INVALID_FIELD_VALUE.with(&[name]));
        }
    }
    Ok(())
}

/// Checks that every role exists and belongs to the account or to partner 0.
fn check_roles(call: &Call<'_>, ids: &str) -> Result<(), ApiError> {
    if !is_true_text(ids) {
        return Ok(());
    }
    // The roles of a user need an account that is not partner 0.
    if call.partner_id() == 0 {
        return Err(error::type_error());
    }
    for id in crate::php::cast::trim(ids).split(',') {
        let role = call.state.roles.get(&text_to_int(id));
        role.filter(|role| role.is_of(call.partner_id()) && !role.is_deleted())
            .ok_or_else(|| error::USER_ROLE_NOT_FOUND.plain())?;
    }
    Ok(())
}

/// Checks the roles again when the user is stored. PHP takes `"0"` for no roles before, but not here.
fn check_stored_roles(ids: &str) -> Result<(), ApiError> {
    if ids == "0" { Err(error::USER_ROLE_NOT_FOUND.plain()) } else { Ok(()) }
}
