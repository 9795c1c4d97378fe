//! `user.get`, as in `api_v3/services/UserService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user::{record, user_of};
use crate::error::{self, Failure};
use crate::output::Output;
use crate::php::cast::texts_are_equal;

pub(crate) const ACTION: Action = Action { service: "user", name: "get", run };

/// Returns the user of the session, or any user to an administrator.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let session = call.context.session.as_ref();
    let own = session.map_or("", |session| session.user_id());
    let id = match call.arguments.text("userId") {
        "" => own,
        asked => asked,
    };
    let is_admin = session.is_some_and(|session| session.ks.is_admin());
    if !is_admin && !texts_are_equal(own, id) {
        return Err(error::CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION.with(&[id]).into());
    }
    Ok(record(call, &user_of(call, id)?).into())
}
