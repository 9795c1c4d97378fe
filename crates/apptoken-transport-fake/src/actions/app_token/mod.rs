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

/// The token of the account that the argument `id` names.
fn token_of(call: &Call<'_>) -> Result<TokenRow, ApiError> {
    let id = call.arguments.text("id");
    let token = call.state.token(call.partner_id(), id).cloned();
    token.ok_or_else(|| error::APP_TOKEN_ID_NOT_FOUND.with(&[id]))
}

/// Ties a token to the user of its sessions, who is made if he is not there and his id is sound.
fn tie_to_user(call: &mut Call<'_>, token: &mut TokenRow) -> Result<(), ApiError> {
    let (partner_id, now) = (call.partner_id(), call.now());
    let id = token.session_user_id.as_deref();
    token.user = match (call.state.users.find(partner_id, id), id) {
        (Some(user), _) => user.row,
        (None, Some(id)) if is_sound_user_id(id) => {
            call.state.users.insert(UserRow::automatic(partner_id, Some(id), now))
        }
        _ => return Err(error::INVALID_FIELD_VALUE.with(&["sessionUserId"])),
    };
    Ok(())
}

/// Whether a new user may have the id. A line end behind it passes.
pub(crate) fn is_sound_user_id(id: &str) -> bool {
    let id = id.strip_suffix('\n').unwrap_or(id);
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b",!#$%&'*+?^_`{|}~.@-".contains(&byte);
    (1..=320).contains(&id.len()) && id.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::is_sound_user_id;

    #[test]
    fn user_ids_have_no_blanks_slashes_or_colons() {
        for id in ["a@b.c", "a-b_c", "x!#$%&'*+?^_`{|}~", "a\n", &"a".repeat(320)] {
            assert!(is_sound_user_id(id), "{id:?}");
        }
        for id in ["", "\n", "a b", "a/b", "a:b", "a=b", "a;b", "\"q\"", "(x)", "é", "a\n\n", &"a".repeat(321)] {
            assert!(!is_sound_user_id(id), "{id:?}");
        }
    }
}
