//! `userRole.update`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{check_name_is_free, check_system_name_is_free, own_role, record};
use crate::error::Failure;
use crate::objects::user_role::{apply, current};
use crate::objects::validate;
use crate::output::Output;
use crate::permissions::check_names;
use crate::php::cast::{is_true_text, texts_are_equal};

pub(crate) const ACTION: Action = Action { service: "userRole", name: "update", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut role = own_role(call)?;
    let object = call.arguments.mandatory_object("userRole")?;
    if let Some(name) = object.text("name").filter(|name| is_true_text(name) && !texts_are_equal(name, &role.name)) {
        check_name_is_free(call, name)?;
    }
    if let Some(names) = object.text("permissionNames") {
        check_names(names, call.partner_id())?;
    }
    validate::not_empty(object, "name")?;
    check_system_name_is_free(call, object.text("systemName"), Some(role.id))?;
    validate::for_update(object, |property| current(&role, property))?;
    apply(object, &mut role);
    role.updated_at = call.now();
    let answer = record(call, &role);
    call.state.put_role(role);
    Ok(answer.into())
}
