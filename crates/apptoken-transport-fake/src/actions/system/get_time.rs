//! `system.getTime`, as in `api_v3/services/SystemService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "system", name: "getTime", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    Ok(call.now().into())
}
