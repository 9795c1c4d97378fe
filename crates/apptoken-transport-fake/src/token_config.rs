//! An app token in a configuration, with the property names of the API.

use apptoken_core::{AppTokenId, AppTokenSecret, HashType};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::{Id, Within};
use crate::config_error::ConfigError;
use crate::model::secret::Secret;
use crate::model::state::State;
use crate::model::token::{STATUS_ACTIVE, STATUS_DELETED, STATUS_DISABLED, TokenRow};

/// An app token as `appToken.get` returns it, so that such a reply can be pasted. Only `partnerId` is required.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenConfig {
    partner_id: Id,
    id: Option<TokenId>,
    token: Option<TokenValue>,
    hash_type: Option<HashType>,
    status: Option<Within<STATUS_DISABLED, STATUS_DELETED>>,
    expiry: Option<i64>,
    session_type: Option<SessionTypeCode>,
    session_user_id: Option<String>,
    session_duration: Option<i64>,
    session_privileges: Option<String>,
    description: Option<String>,
    created_at: Option<i64>,
    updated_at: Option<i64>,
    #[serde(default, rename = "objectType")]
    _object_type: IgnoredAny,
}

impl TokenConfig {
    /// Adds the token to the state. What it does not say is as `appToken.add` sets it.
    pub(crate) fn add_to(self, state: &mut State, now: i64) -> Result<TokenRow, ConfigError> {
        let id = match self.id {
            Some(TokenId(id)) if state.token_in_any_status(id.as_str()).is_some() => {
                return Err(ConfigError::new("id", "an id that no other app token has"));
            }
            Some(TokenId(id)) => id.as_str().to_owned(),
            None => state.new_token_id(),
        };
        let partner_id = i64::from(self.partner_id.0.get());
        let Some(account) = state.account(partner_id) else {
            return Err(ConfigError::new("partnerId", "the id of an existing account"));
        };
        let longest = account.max_lifetime.map(i64::from);
        state.make_room().map_err(|_| ConfigError::new("", "fewer app tokens: their table is full"))?;
        let user = state.user_of_token(partner_id, self.session_user_id.as_deref(), now).ok_or_else(|| {
            let expected = match self.session_user_id {
                Some(_) => "a valid user id",
                None => "the id of a user, because the account has no anonymous user",
            };
            ConfigError::new("sessionUserId", expected)
        })?;
        let row = TokenRow {
            id,
            is_value_chosen: self.token.is_some(),
            token: match self.token {
                Some(TokenValue(value)) => Secret::new(value.expose()),
                None => Secret::new(hex::encode(state.random_bytes::<16>())),
            },
            partner_id,
            created_at: self.created_at.unwrap_or(now),
            updated_at: self.updated_at.or(self.created_at).unwrap_or(now),
            status: self.status.map_or(STATUS_ACTIVE, |status| status.0),
            expiry: self.expiry,
            session_type: self.session_type.map(|code| code.0),
            session_user_id: self.session_user_id,
            session_duration: self.session_duration.or(longest),
            session_privileges: self.session_privileges,
            hash_type: self.hash_type.map(|hash_type| hash_type.as_str().to_owned()),
            description: self.description,
            user,
        };
        state.put_token(row.clone());
        Ok(row)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct TokenId(AppTokenId);

impl TryFrom<String> for TokenId {
    type Error = apptoken_core::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        AppTokenId::parse(text).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct TokenValue(AppTokenSecret);

impl TryFrom<String> for TokenValue {
    type Error = apptoken_core::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        AppTokenSecret::parse(text).map(Self)
    }
}

/// 0 for user sessions, 2 for admin sessions.
#[derive(Deserialize)]
#[serde(try_from = "i64")]
struct SessionTypeCode(i64);

impl TryFrom<i64> for SessionTypeCode {
    type Error = &'static str;

    fn try_from(code: i64) -> Result<Self, Self::Error> {
        if matches!(code, 0 | 2) { Ok(Self(code)) } else { Err("not a session type") }
    }
}
