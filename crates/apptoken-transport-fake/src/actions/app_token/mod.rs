//! The service `appToken`.

pub(crate) mod add;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod hash;
pub(crate) mod list;
pub(crate) mod privileges;
pub(crate) mod start_session;
pub(crate) mod update;

use crate::actions::action::Call;
use crate::error::{self, ApiError};
use crate::model::token::TokenRow;

/// The token with the id of the argument `id`, if the caller sees it.
fn token_of(call: &Call<'_>) -> Result<TokenRow, ApiError> {
    let id = call.arguments.text("id");
    let partners = call.context.visible_partners();
    let token = call.state.token(id).filter(|token| partners.contains(&token.partner_id)).cloned();
    token.ok_or_else(|| error::APP_TOKEN_ID_NOT_FOUND.with(&[id]))
}

/// Links a token to the user of its sessions. Creates the user if the id is valid and no user has it.
///
/// The server does so on each add and update. Without `sessionUserId` it needs the anonymous user of the account.
fn link_user(call: &mut Call<'_>, token: &mut TokenRow) -> Result<(), ApiError> {
    let (partner_id, now) = (call.partner_id(), call.now());
    let user = call.state.user_of_token(partner_id, token.session_user_id.as_deref(), now);
    token.user = user.ok_or_else(|| error::INVALID_FIELD_VALUE.with(&["sessionUserId"]))?;
    Ok(())
}
