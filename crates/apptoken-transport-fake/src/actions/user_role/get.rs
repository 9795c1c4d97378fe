//! `userRole.get`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{record, shown_role};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "userRole", name: "get", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    Ok(record(call, &shown_role(call)?).into())
}
