//! `appToken.update`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::app_token::{link_user, token_of};
use crate::error::Failure;
use crate::objects::app_token::{apply, current, record};
use crate::objects::validate;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "appToken", name: "update", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let before = token_of(call)?;
    let mut token = before.clone();
    let object = call.arguments.mandatory_object("appToken")?;
    validate::for_update(object, |property| current(&token, property))?;
    apply(object, &mut token);
    link_user(call, &mut token)?;
    if token != before {
        token.updated_at = call.now();
    }
    let answer = record(&token, call.profile);
    call.state.put_token(token);
    Ok(answer.into())
}
