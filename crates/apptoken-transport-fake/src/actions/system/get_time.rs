use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action =
    Action { service: "system", name: "getTime", parameters: &[], permissions: &["ALWAYS_ALLOWED_ACTIONS"], run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    Ok(call.now().into())
}
