use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action {
    service: "system",
    name: "ping",
    parameters: &[],
    permissions: &["ALWAYS_ALLOWED_ACTIONS", "BASE_USER_SESSION_PERMISSION", "WIDGET_SESSION_PERMISSION"],
    run,
};

/// How long the answer is stored.
const STORED_SECONDS: i64 = 5;

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.at_most(STORED_SECONDS);
    Ok(true.into())
}
