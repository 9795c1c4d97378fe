//! `user.update`, as in `api_v3/services/UserService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user::{check_names, check_roles, check_stored_roles, record, user_of};
use crate::error::{self, Failure};
use crate::model::user::{STATUS_DELETED, is_valid_user_id};
use crate::objects::user::{apply, current};
use crate::objects::validate;
use crate::output::Output;
use crate::php::cast::texts_are_equal;

pub(crate) const ACTION: Action = Action { service: "user", name: "update", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let given_id = call.arguments.text("userId");
    let mut user = user_of(call, given_id)?;
    let object = call.arguments.mandatory_object("user")?;
    if user.is_admin && object.bool("isAdmin") == Some(false) {
        return Err(error::CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN.plain().into());
    }
    if let Some(roles) = object.text("roleIds") {
        check_roles(call, roles)?;
        if !texts_are_equal(roles, &user.role_ids) && user.row == own_row(call) {
            return Err(error::CANNOT_CHANGE_OWN_ROLE.plain().into());
        }
    }
    if let Some(id) = object.text("id").filter(|id| !texts_are_equal(id, given_id)) {
        if !is_valid_user_id(id) {
            return Err(error::INVALID_FIELD_VALUE.with(&["id"]).into());
        }
        if call.state.users.find(call.partner_id(), Some(id)).is_some() {
            return Err(error::DUPLICATE_USER_BY_ID.with(&[id]).into());
        }
    }
    check_names(object)?;
    validate::for_update(object, |property| current(&user, property))?;
    let now = call.now();
    apply(object, &mut user, now);
    check_stored_roles(&user.role_ids)?;
    user.updated_at = now;
    let answer = record(call, &user);
    if user.status == Some(STATUS_DELETED) {
        call.state.delete_tokens_of(user.row, now);
    }
    call.state.users.put(user);
    Ok(answer.into())
}

/// The row of the user of the session. Creates the user if it does not exist, as the server does.
fn own_row(call: &mut Call<'_>) -> i64 {
    let id = call.context.session.as_ref().map(|session| session.user_id());
    let (partner_id, now) = (call.partner_id(), call.now());
    call.state.users.find_or_make(partner_id, id, now)
}
