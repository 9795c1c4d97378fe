//! `userAppRole.add`, as in `api_v3/services/UserAppRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::{self, Failure};
use crate::model::role::RoleRow;
use crate::model::user::STATUS_ACTIVE;
use crate::output::Output;
use crate::php::cast::trim;

pub(crate) const ACTION: Action = Action { service: "userAppRole", name: "add", run };

/// Makes the checks of the server. The fake has no application registry, so the last one always fails.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.arguments.mandatory_object("userAppRole")?;
    let user_id = trim(object.text("userId").unwrap_or_default());
    let app = trim(object.text("appGuid").unwrap_or_default());
    let role = object.int("userRoleId").unwrap_or(0);
    let missing = [("userId", is_empty(user_id)), ("appGuid", is_empty(app)), ("userRoleId", role == 0)];
    if let Some((name, _)) = missing.iter().find(|(_, missing)| *missing) {
        return Err(error::MISSING_MANDATORY_PARAMETER.with(&[name]).into());
    }
    let user = call.state.users.find(call.partner_id(), Some(user_id));
    if user.is_none_or(|user| user.status != Some(STATUS_ACTIVE)) {
        return Err(error::USER_ID_NOT_FOUND.with(&[user_id]).into());
    }
    if !is_app_guid(app) {
        return Err(error::INVALID_APP_GUID.with(&[app]).into());
    }
    let is_known = |role: &&RoleRow| role.partner_id == call.partner_id() && !role.is_deleted();
    if call.state.roles.get(&role).filter(is_known).is_none() {
        return Err(error::USER_ROLE_NOT_FOUND.plain().into());
    }
    Err(error::APP_GUID_NOT_FOUND.with(&[app]).into())
}

/// Whether it has the form of an id in the application registry.
pub(crate) fn is_app_guid(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_empty(text: &str) -> bool {
    !crate::php::cast::is_true_text(text)
}
