//! `appToken.startSession`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::app_token::hash::token_hash;
use crate::actions::app_token::{privileges, token_of};
use crate::error::{self, Failure};
use crate::model::session::NewSession;
use crate::model::token::STATUS_ACTIVE;
use crate::output::{Output, Record};

pub(crate) const ACTION: Action = Action { service: "appToken", name: "startSession", run };

/// Checks the id, the status, the hash and the expiry of the token, in the order of the server. So an expired token
/// with a wrong hash reports the hash.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let id = call.arguments.text("id");
    let token = token_of(call)?;
    if token.status != STATUS_ACTIVE {
        return Err(error::APP_TOKEN_NOT_ACTIVE.with(&[id]).into());
    }
    let ks = call.context.session.as_ref().map_or("", |session| &session.text);
    let hash = token_hash(token.hash_type(), ks, token.token.expose()).ok_or_else(error::type_error)?;
    if hash != call.arguments.text("tokenHash") {
        return Err(error::INVALID_APP_TOKEN_HASH.plain().into());
    }
    // The errors before this line are cached, unlike the results and the errors after it.
    call.cache_policy.disable();
    // Unlike `session.start`, the maximum lifetime of the account does not apply.
    let mut longest = token.session_duration.unwrap_or(0);
    if let Some(expiry) = token.expiry {
        longest = longest.min(expiry.saturating_sub(call.now()));
        if longest < 0 {
            return Err(error::APP_TOKEN_EXPIRED.with(&[id]).into());
        }
    }
    let lifetime = match call.arguments.int("expiry") {
        0 => longest,
        asked => asked.min(longest),
    };
    let session_type = token.session_type.unwrap_or_else(|| call.arguments.int("type"));
    let user_id = token.session_user_id.as_deref().unwrap_or_else(|| call.arguments.text("userId"));
    let asked = call.arguments.text("sessionPrivileges");
    let privileges = privileges::of_session(id, token.session_privileges.as_deref(), asked);
    let new =
        NewSession { user_id, session_type, lifetime, privileges: &privileges, master_partner_id: None, secret: None };
    let now = call.now();
    // The session is one of the requested account, which is partner 0 for an empty text.
    let new_ks = match call.state.shared_account(call.partner_id()) {
        Some(account) => call.state.make_ks(&account, &new, now),
        None => call.state.make_ks_without_partner(&new, now),
    };
    let properties = [
        ("ks", new_ks.text.into()),
        ("sessionType", session_type.into()),
        ("partnerId", call.context.partner_output()),
        ("userId", user_id.into()),
        ("expiry", new_ks.valid_until.into()),
        ("privileges", privileges.into()),
    ];
    Ok(Record::new("KalturaSessionInfo", properties).into())
}
