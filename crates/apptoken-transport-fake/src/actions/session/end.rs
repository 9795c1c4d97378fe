use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action {
    service: "session",
    name: "end",
    parameters: &[],
    permissions: &["ALWAYS_ALLOWED_ACTIONS", "BASE_USER_SESSION_PERMISSION", "WIDGET_SESSION_PERMISSION"],
    run,
};

/// Ends the session, and with it every session that has its session id: for that of an app token all of the token's.
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
