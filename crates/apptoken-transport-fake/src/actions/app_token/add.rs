//! `appToken.add`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::app_token::link_user;
use crate::error::Failure;
use crate::model::secret::Secret;
use crate::model::token::{STATUS_ACTIVE, TokenRow};
use crate::objects::app_token::{apply, record};
use crate::objects::validate;
use crate::output::Output;

pub(crate) const ACTION: Action = Action { service: "appToken", name: "add", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.arguments.mandatory_object("appToken")?;
    validate::for_insert(object)?;
    let (partner_id, now) = (call.partner_id(), call.now());
    let mut token = TokenRow {
        id: String::new(),
        token: Secret::new(hex::encode(call.state.random_bytes::<16>())),
        partner_id,
        created_at: now,
        updated_at: now,
        status: STATUS_ACTIVE,
        expiry: None,
        session_type: None,
        session_user_id: None,
        session_duration: None,
        session_privileges: None,
        hash_type: None,
        description: None,
        user: 0,
        is_value_chosen: false,
    };
    apply(object, &mut token);
    if token.session_duration.is_none() {
        let account = call.state.account(partner_id);
        token.session_duration = account.and_then(|account| account.max_lifetime).map(i64::from);
    }
    link_user(call, &mut token)?;
    token.id = call.state.new_token_id();
    let answer = record(&token, call.profile);
    call.state.put_token(token);
    Ok(answer.into())
}
