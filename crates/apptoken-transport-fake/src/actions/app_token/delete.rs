use crate::actions::action::{Action, Call};
use crate::actions::app_token::token_of;
use crate::actions::arguments::Parameter;
use crate::error::Failure;
use crate::model::token::STATUS_DELETED;
use crate::output::Output;

pub(crate) const ACTION: Action = Action {
    service: "appToken",
    name: "delete",
    parameters: &[Parameter::text("id")],
    permissions: &["APP_TOKEN_DELETE"],
    run,
};

/// Deletes a token and revokes the sessions that name it as it is written in the request.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let mut token = token_of(call)?;
    let hash = apptoken_ks::session_id_hash(call.context.partner_text(), call.arguments.text("id"));
    call.state.revocations.revoke_session_id(&hash);
    token.status = STATUS_DELETED;
    token.updated_at = call.now();
    call.state.put_token(token);
    Ok(Output::Null)
}
