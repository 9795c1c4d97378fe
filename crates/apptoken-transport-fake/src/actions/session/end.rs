//! `session.end`, as in `api_v3/services/SessionService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "session", name: "end", run };

/// Revokes the session, and all sessions with the same session id. The session id of an app token session is the token
/// id, so this revokes all sessions of the token, including future ones.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    if let Some(session) = &call.context.session {
        call.state.revocations.revoke_ks(&session.ks.digest);
        if let Some(hash) = session.ks.session_id_hash() {
            call.state.revocations.revoke_session_id(&hash);
        }
    }
    Ok(Output::Null)
}
