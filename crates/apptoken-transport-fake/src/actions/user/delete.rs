//! `user.delete`, as in `api_v3/services/UserService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user::{record, user_of};
use crate::error::Failure;
use crate::model::user::STATUS_DELETED;
use crate::objects::user::set_status;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "user", name: "delete", run };

/// Deletes a user and the tokens linked to it. Sessions of these tokens stay valid.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut user = user_of(call, call.arguments.text("userId"))?;
    let now = call.now();
    set_status(&mut user, Some(STATUS_DELETED), now);
    user.updated_at = now;
    let answer = record(call, &user);
    call.state.delete_tokens_of(user.row, now);
    call.state.users.put(user);
    Ok(answer.into())
}
