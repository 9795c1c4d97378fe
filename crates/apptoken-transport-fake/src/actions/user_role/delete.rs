//! `userRole.delete`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{own_role, record};
use crate::error::{self, Failure};
use crate::model::role::STATUS_DELETED as ROLE_DELETED;
use crate::model::user::{STATUS_DELETED as USER_DELETED, UserRow};
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "userRole", name: "delete", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut role = own_role(call)?;
    let is_used_by = |user: &UserRow| user.status != Some(USER_DELETED) && user.roles().any(|id| id == role.id);
    if call.state.users.iter().any(is_used_by) {
        return Err(error::ROLE_IS_BEING_USED.plain().into());
    }
    role.status = Some(ROLE_DELETED);
    role.updated_at = call.now();
    let answer = record(call, &role);
    call.state.put_role(role);
    Ok(answer.into())
}
