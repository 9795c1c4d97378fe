//! `system.ping`, as in `api_v3/services/SystemService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "system", name: "ping", run };

/// How long the reply may be cached.
const CACHE_SECONDS: i64 = 5;

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.at_most(CACHE_SECONDS);
    Ok(true.into())
}
