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
use crate::model::user::UserRow;

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
    let id = token.session_user_id.as_deref();
    token.user = match (call.state.users.find(partner_id, id), id) {
        (Some(user), _) => user.row,
        (None, Some(id)) if is_valid_user_id(id) => {
            call.state.users.insert(UserRow::automatic(partner_id, Some(id), now))
        }
        _ => return Err(error::INVALID_FIELD_VALUE.with(&["sessionUserId"])),
    };
    Ok(())
}

/// Whether a new user may have this id. A trailing line feed is allowed, because `$` of a PHP pattern matches before
/// it.
pub(crate) fn is_valid_user_id(id: &str) -> bool {
    let id = id.strip_suffix('\n').unwrap_or(id);
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b",!#$%&'*+?^_`{|}~.@-".contains(&byte);
    (1..=320).contains(&id.len()) && id.bytes().all(is_valid)
}

#[cfg(test)]
mod tests {
    use super::is_valid_user_id;

    #[test]
    fn a_user_id_has_no_space_slash_or_colon() {
        for id in ["a@b.c", "a-b_c", "x!#$%&'*+?^_`{|}~", "a\n", &"a".repeat(320)] {
            assert!(is_valid_user_id(id), "{id:?}");
        }
        for id in ["", "\n", "a b", "a/b", "a:b", "a=b", "a;b", "\"q\"", "(x)", "é", "a\n\n", &"a".repeat(321)] {
            assert!(!is_valid_user_id(id), "{id:?}");
        }
    }
}
