//! `appToken.delete`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::app_token::token_of;
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "appToken", name: "delete", run };

/// Deletes a token and revokes its sessions.
///
/// Ids are compared without case, but the server revokes the session id as the request writes it. A session that was
/// started with the id in upper case is not revoked by a request with the id in lower case.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let token = token_of(call)?;
    let now = call.now();
    call.state.delete_token(token, &call.context.partner_text(), call.arguments.text("id"), now);
    Ok(Output::Null)
}
