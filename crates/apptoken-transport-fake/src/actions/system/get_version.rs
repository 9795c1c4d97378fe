use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action =
    Action { service: "system", name: "getVersion", parameters: &[], permissions: &["ALWAYS_ALLOWED_ACTIONS"], run };

/// The release of the server that the fake is a model of.
const VERSION: &str = "Venus-22.19.0";

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    Ok(VERSION.into())
}
