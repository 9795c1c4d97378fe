//! `user.add`, as in `api_v3/services/UserService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user::login::new_login;
use crate::actions::user::{check_names, check_roles, check_stored_roles, record};
use crate::error::{self, Failure};
use crate::model::user::{STATUS_ACTIVE, UserRow, is_valid_user_id};
use crate::objects::user::apply;
use crate::objects::validate;
use crate::output::Output;
use crate::php::cast::{is_true_text, trim};

pub(crate) const ACTION: Action = Action { service: "user", name: "add", run };

/// The role of an administrator without roles.
const PARTNER_ADMIN_ROLE: i64 = 2;

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.arguments.mandatory_object("user")?;
    let (own, external) = (object.text("id"), object.text("externalId"));
    let is_given = |id: Option<&str>| id.is_some_and(|id| is_true_text(trim(id)));
    if is_given(own) && is_given(external) {
        return Err(error::ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE.plain().into());
    }
    let id = external.filter(|id| is_true_text(id)).or(own).unwrap_or_default().to_owned();
    if !is_valid_user_id(&id) {
        return Err(error::INVALID_FIELD_VALUE.with(&["id"]).into());
    }
    check_names(object)?;
    validate::for_insert(object)?;
    let (partner_id, now) = (call.partner_id(), call.now());
    let mut user = UserRow::new(partner_id, None, now);
    apply(object, &mut user, now);
    user.status.get_or_insert(STATUS_ACTIVE);
    if !is_true_text(&id) {
        return Err(error::PROPERTY_VALIDATION_CANNOT_BE_NULL.with(&["KalturaUser::id"]).into());
    }
    if call.state.users.find(partner_id, Some(&id)).is_some() {
        return Err(error::DUPLICATE_USER_BY_ID.with(&[&id]).into());
    }
    if user.is_admin && !is_true_text(&user.role_ids) {
        user.role_ids = PARTNER_ADMIN_ROLE.to_string();
        user.default_role = Some(PARTNER_ADMIN_ROLE);
    }
    check_roles(call, &user.role_ids)?;
    user.screen_name.get_or_insert_with(|| id.clone());
    user.id = Some(id);
    let password = object.text("password").filter(|password| is_true_text(password));
    if user.is_admin || password.is_some() {
        user.login_email = Some(new_login(call, &user, password)?);
    }
    check_stored_roles(&user.role_ids)?;
    let answer = record(call, &user);
    call.state.users.insert(user);
    Ok(answer.into())
}
