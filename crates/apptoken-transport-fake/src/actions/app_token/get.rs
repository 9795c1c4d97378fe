//! `appToken.get`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::app_token::token_of;
use crate::error::Failure;
use crate::objects::app_token::record;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "appToken", name: "get", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    Ok(record(&token_of(call)?, call.profile).into())
}
