//! `session.impersonate`, as in `api_v3/services/SessionService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::session::start::{StartRequest, accepts, start};
use crate::error::{self, Failure};
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "session", name: "impersonate", run };

/// Starts a session of a child account with the secret of its parent. Every failure is the same error.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    let partner_id = call.arguments.int("partnerId");
    let refused = || Failure::from(error::START_SESSION_ERROR.with(&[&partner_id.to_string()]));
    let master = partner_id.to_string();
    let of_parent = StartRequest { master_partner_id: Some(&master), ..StartRequest::of(call.arguments) };
    let parent = call.state.account(partner_id).filter(|account| accepts(account, &of_parent)).ok_or_else(refused)?;
    let child = call.state.account(call.arguments.int("impersonatedPartnerId")).ok_or_else(refused)?;
    if child.id != parent.id && child.parent != Some(parent.id) {
        return Err(refused());
    }
    let secret = if of_parent.session_type == 2 { child.main_secret() } else { child.user_secret.expose() }.to_owned();
    let of_child = StartRequest { partner_id: child.id.into(), secret: &secret, ..of_parent };
    start(call.state, &of_child, call.now())?.map(Output::Text).ok_or_else(refused)
}
