//! `userRole.add`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{check_name_is_free, check_system_name_is_free, record};
use crate::error::Failure;
use crate::model::role::{RoleRow, STATUS_ACTIVE};
use crate::objects::user_role::apply;
use crate::objects::validate;
use crate::output::Output;
use crate::permissions::check_names;

pub(crate) const ACTION: Action = Action { service: "userRole", name: "add", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.arguments.mandatory_object("userRole")?;
    validate::not_null(object, "name")?;
    check_name_is_free(call, object.text("name").unwrap_or_default())?;
    let (partner_id, now) = (call.partner_id(), call.now());
    check_names(object.text("permissionNames").unwrap_or_default(), partner_id)?;
    validate::not_empty(object, "name")?;
    check_system_name_is_free(call, object.text("systemName"), None)?;
    validate::for_insert(object)?;
    let mut role = RoleRow {
        id: call.state.next_role_id(),
        name: String::new(),
        system_name: Some(String::new()),
        description: None,
        status: Some(STATUS_ACTIVE),
        partner_id,
        permission_names: None,
        tags: None,
        created_at: now,
        updated_at: now,
    };
    apply(object, &mut role);
    let answer = record(call, &role);
    // The reply shows an empty system name, but the server does not store one that was not given.
    if object.field("systemName").is_none() {
        role.system_name = None;
    }
    call.state.put_role(role);
    Ok(answer.into())
}
