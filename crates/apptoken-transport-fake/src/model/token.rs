use std::fmt;
use std::time::Duration;

use apptoken_core::{AppTokenId, AppTokenSecret, HashType, PartnerId, SessionType, UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::model::secret::Secret;
use crate::model::table::Row;
use crate::model::{checked, column};

/// A row of the app token table.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TokenRow {
    #[serde(deserialize_with = "checked::token_id")]
    pub(crate) id: String,
    #[serde(deserialize_with = "checked::token_value")]
    pub(crate) token: Secret,
    #[serde(deserialize_with = "checked::account_id_column")]
    pub(crate) partner_id: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    #[serde(deserialize_with = "checked::status")]
    pub(crate) status: i64,
    pub(crate) expiry: Option<i64>,
    pub(crate) session_type: Option<i64>,
    pub(crate) session_user_id: Option<String>,
    pub(crate) session_duration: Option<i64>,
    pub(crate) session_privileges: Option<String>,
    pub(crate) hash_type: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) user: i64,
    /// Whether the value comes from a configuration. Such a value is not replaced by a random one.
    #[serde(default)]
    pub(crate) is_value_chosen: bool,
}

pub(crate) const STATUS_DISABLED: i64 = 1;
pub(crate) const STATUS_ACTIVE: i64 = 2;
pub(crate) const STATUS_DELETED: i64 = 3;

impl TokenRow {
    pub(crate) fn hash_type(&self) -> &str {
        self.hash_type.as_deref().unwrap_or("SHA1")
    }

    /// Truncates the values to their columns.
    pub(crate) fn fit_columns(&mut self) {
        for number in [&mut self.expiry, &mut self.session_type, &mut self.session_duration].into_iter().flatten() {
            column::int(number);
        }
        if let Some(user_id) = &mut self.session_user_id {
            column::varchar(user_id, 100);
        }
        for text in [&mut self.session_privileges, &mut self.description].into_iter().flatten() {
            column::text(text);
        }
    }
}

impl Row for TokenRow {
    fn size(&self) -> usize {
        let texts = [&self.session_user_id, &self.session_privileges, &self.hash_type, &self.description];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.id.len() + self.token.expose().len() + texts
    }
}

/// The properties of a new app token.
///
/// # Examples
///
/// ```
/// use apptoken_core::{HashType, PartnerId};
/// use apptoken_transport_fake::{Fake, TokenSpec};
///
/// let fake = Fake::new();
/// let token = fake.add_token(PartnerId::new(101)?, TokenSpec::new(HashType::Sha256).user("alice").privileges("list:*"));
/// assert!(token.id.as_str().starts_with("0_"));
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSpec {
    pub(crate) hash_type: HashType,
    pub(crate) user: Option<String>,
    pub(crate) session_type: Option<SessionType>,
    pub(crate) duration: Option<Duration>,
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) privileges: Option<String>,
    pub(crate) description: Option<String>,
}

impl TokenSpec {
    /// A token with only a hash type: it never expires, its sessions have the maximum lifetime of the account, and each
    /// login chooses the user and session type.
    #[must_use]
    pub fn new(hash_type: HashType) -> Self {
        Self {
            hash_type,
            user: None,
            session_type: None,
            duration: None,
            expires_at: None,
            privileges: None,
            description: None,
        }
    }

    /// Sets the user of its sessions. The user is created if it does not exist.
    #[must_use]
    pub fn user(mut self, id: &str) -> Self {
        self.user = Some(id.to_owned());
        self
    }

    /// Sets the type of its sessions.
    #[must_use]
    pub fn session_type(mut self, session_type: SessionType) -> Self {
        self.session_type = Some(session_type);
        self
    }

    /// Sets the lifetime of its sessions, in whole seconds.
    #[must_use]
    pub fn duration(mut self, lifetime: Duration) -> Self {
        self.duration = Some(lifetime);
        self
    }

    /// Sets when the token itself expires.
    #[must_use]
    pub fn expires_at(mut self, time: UnixSeconds) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Sets the privileges of its sessions.
    #[must_use]
    pub fn privileges(mut self, privileges: &str) -> Self {
        self.privileges = Some(privileges.to_owned());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.description = Some(text.to_owned());
        self
    }
}

/// An app token of the fake.
#[derive(Clone)]
pub struct Token {
    /// The account.
    pub partner: PartnerId,
    /// The id, which is not secret.
    pub id: AppTokenId,
    /// The value, which logins hash.
    pub secret: AppTokenSecret,
    /// The hash type.
    pub hash_type: HashType,
    /// The status.
    pub status: TokenStatus,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partner, id, secret: _, hash_type, status } = self;
        write!(f, "Token({id} of account {partner}, {hash_type:?}, {status:?})")
    }
}

/// The status of an app token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenStatus {
    /// It cannot be used. No API call sets this status.
    Disabled,
    /// It can be used.
    Active,
    /// It is deleted: the API no longer finds it.
    Deleted,
}

impl TokenStatus {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Disabled => STATUS_DISABLED,
            Self::Active => STATUS_ACTIVE,
            Self::Deleted => STATUS_DELETED,
        }
    }

    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            STATUS_ACTIVE => Self::Active,
            STATUS_DELETED => Self::Deleted,
            _ => Self::Disabled,
        }
    }
}
