//! Direct access for tests: adds, changes and reads accounts, tokens and sessions without an API call.

use apptoken_core::{AccountSecret, AppTokenId, AppTokenSecret, HashType, Ks, PartnerId};

use crate::actions::session::start_widget_session::privileges as widget_privileges;
use crate::config_error::ConfigError;
use crate::fake::Fake;
use crate::model::account::Account;
use crate::model::secret::Secret;
use crate::model::session::{NewSession, partner_id, secret};
use crate::model::session_spec::{SessionKind, SessionSpec};
use crate::model::state::State;
use crate::model::token::{Token, TokenRow, TokenSpec, TokenStatus};
use crate::model::widget::Widget;
use crate::token_config::TokenConfig;

impl Fake {
    /// Adds an account with its widget `_<id>`, or replaces the account with that id.
    pub fn add_account(&self, account: Account) {
        let now = self.clock().time().0;
        self.lock().state.put_account(account, now);
    }

    /// Changes an account, including what no API call can change: its status, maximum lifetime and features. Returns
    /// `false` if no account has that id.
    pub fn change_account(&self, partner: PartnerId, change: impl FnOnce(Account) -> Account) -> bool {
        let now = self.clock().time().0;
        let mut server = self.lock();
        let Some(account) = server.state.accounts.get(&partner.get()) else { return false };
        let changed = Account { id: partner.get(), ..change(Account::clone(account)) };
        server.state.put_account(changed, now);
        true
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.lock().state.accounts.values().map(|account| Account::clone(account)).collect()
    }

    /// The first admin secret of an account, which signs its sessions. `None` if there is no such account.
    #[must_use]
    pub fn admin_secret(&self, partner: PartnerId) -> Option<AccountSecret> {
        self.lock().state.accounts.get(&partner.get()).map(|account| secret(account.main_secret()))
    }

    /// Adds a widget to an account.
    pub fn add_widget(&self, widget: Widget) {
        self.lock().state.add_widget(widget);
    }

    /// Adds an application token. Creates the account as [`Account::new`] does if it does not exist.
    #[must_use]
    pub fn add_token(&self, partner: PartnerId, spec: TokenSpec) -> Token {
        let now = self.clock().time().0;
        let mut server = self.lock();
        let state = &mut server.state;
        if state.account(partner.get().into()).is_none() {
            state.put_account(Account::new(partner), now);
        }
        let longest = state.account(partner.get().into()).and_then(|account| account.max_lifetime).map(i64::from);
        let partner_id = i64::from(partner.get());
        let row = TokenRow {
            id: state.new_token_id(),
            token: Secret::new(hex::encode(state.random_bytes::<16>())),
            partner_id,
            created_at: now,
            updated_at: now,
            status: TokenStatus::Active.code(),
            expiry: spec.expires_at.map(|time| time.0),
            session_type: spec.session_type.map(|session_type| session_type.code().into()),
            user: state.users.find_or_make(partner_id, spec.user.as_deref(), now),
            session_user_id: spec.user,
            session_duration: spec
                .duration
                .map_or(longest, |time| Some(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))),
            session_privileges: spec.privileges,
            hash_type: Some(spec.hash_type.as_str().to_owned()),
            description: spec.description,
            is_value_chosen: false,
        };
        let token = token(&row);
        state.put_token(row);
        token
    }

    /// Adds an application token from its JSON form, as in the list `appTokens` of a configuration: an object with the
    /// properties of a `KalturaAppToken`, of which only `partnerId` is required. Its id and value can be chosen.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key and what is expected there. The account must exist, and the id must be unused.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::Fake;
    ///
    /// let fake = Fake::new();
    /// let token = fake.add_token_from_json(
    ///     r#"{"partnerId": 101, "id": "0_importer", "token": "0123456789abcdef0123456789abcdef", "hashType": "SHA256"}"#,
    /// )?;
    /// assert_eq!(token.id.as_str(), "0_importer");
    /// # Ok::<(), apptoken_transport_fake::ConfigError>(())
    /// ```
    pub fn add_token_from_json(&self, json: &str) -> Result<Token, ConfigError> {
        let config: TokenConfig = ConfigError::parse_part(json, "appTokens[]")?;
        let now = self.clock().time().0;
        config.add_to(&mut self.lock().state, now).map(|row| token(&row))
    }

    /// Deletes a token and revokes its sessions, as `appToken.delete` does. Returns `false` if no token has that id, or if
    /// it is deleted already.
    pub fn delete_token(&self, id: &AppTokenId) -> bool {
        let now = self.clock().time().0;
        let mut server = self.lock();
        let Some(row) = server.state.token(id.as_str()).filter(|row| row.partner_id != 0).cloned() else {
            return false;
        };
        let (partner, id) = (row.partner_id.to_string(), row.id.clone());
        server.state.delete_token(row, &partner, &id, now);
        true
    }

    /// The token with that id, even if it is disabled or deleted. `None` also for a token of Kaltura's own account 0.
    #[must_use]
    pub fn token(&self, id: &AppTokenId) -> Option<Token> {
        self.lock().state.token_in_any_status(id.as_str()).filter(|row| row.partner_id != 0).map(token)
    }

    /// All tokens of an account, sorted by id, including disabled and deleted ones.
    #[must_use]
    pub fn tokens(&self, partner: PartnerId) -> Vec<Token> {
        let server = self.lock();
        server.state.tokens().filter(|row| row.partner_id == i64::from(partner.get())).map(token).collect()
    }

    /// All tokens as JSON, with the keys of [`add_token_from_json`](Self::add_token_from_json), sorted by id. It has their
    /// values, which are secret.
    #[must_use]
    pub fn tokens_as_json(&self) -> String {
        let server = self.lock();
        let rows = server.state.tokens().filter(|row| row.partner_id != 0);
        let tokens = rows.map(|row| {
            serde_json::json!({
                "partnerId": row.partner_id,
                "id": row.id,
                "token": row.token.expose(),
                "hashType": row.hash_type(),
                "status": row.status,
                "expiry": row.expiry,
                "sessionType": row.session_type,
                "sessionUserId": row.session_user_id,
                "sessionDuration": row.session_duration,
                "sessionPrivileges": row.session_privileges,
                "description": row.description,
                "createdAt": row.created_at,
                "updatedAt": row.updated_at,
            })
        });
        tokens.collect::<serde_json::Value>().to_string()
    }

    /// Sets the status of a token, which no API call can. Returns `false` if no token has that id.
    pub fn set_token_status(&self, id: &AppTokenId, status: TokenStatus) -> bool {
        let mut server = self.lock();
        let Some(row) = server.state.token_in_any_status(id.as_str()).cloned() else { return false };
        server.state.put_token(TokenRow { status: status.code(), ..row });
        true
    }

    /// Creates an admin session of the user `admin` that expires in a day. `None` if there is no such account.
    #[must_use]
    pub fn admin_session(&self, partner: PartnerId) -> Option<Ks> {
        self.session(partner, SessionSpec::admin("admin"))
    }

    /// Creates a session without a login. `None` if there is no such account.
    #[must_use]
    pub fn session(&self, partner: PartnerId, spec: SessionSpec) -> Option<Ks> {
        let now = self.clock().time().0;
        Ks::parse(make_session(&mut self.lock().state, partner.get(), &spec, now)?).ok()
    }
}

/// Creates a session without a login. `None` if there is no such account.
pub(crate) fn make_session(state: &mut State, partner: u32, spec: &SessionSpec, now: i64) -> Option<String> {
    let account = state.accounts.get(&partner)?.clone();
    let mut privileges = spec.privileges.clone();
    if spec.kind == SessionKind::Widget {
        let widget = state.widget(&format!("_{}", account.id))?;
        let own = widget_privileges(widget, account.has_feature("FEATURE_ENTITLEMENT"));
        privileges = if privileges.is_empty() { own } else { format!("{own},{privileges}") };
    }
    let new = NewSession {
        user_id: &spec.user,
        session_type: if spec.kind == SessionKind::Admin { 2 } else { 0 },
        lifetime: spec.expires_in,
        privileges: &privileges,
        master_partner_id: None,
        secret: None,
    };
    let ks = state.make_ks(&account, &new, now).text;
    // No request has started it.
    state.new_sessions.clear();
    Some(ks)
}

fn token(row: &TokenRow) -> Token {
    let hash_type = match row.hash_type() {
        "MD5" => HashType::Md5,
        "SHA256" => HashType::Sha256,
        "SHA512" => HashType::Sha512,
        _ => HashType::Sha1,
    };
    Token {
        partner: partner_id(u32::try_from(row.partner_id).unwrap_or(1)),
        // Ids and values of tokens were created by the fake, or validated when a snapshot was restored.
        id: AppTokenId::parse(row.id.as_str()).unwrap_or_else(|_| unreachable!("token ids are valid")),
        secret: AppTokenSecret::parse(row.token.expose()).unwrap_or_else(|_| unreachable!("token values are valid")),
        hash_type,
        status: TokenStatus::from_code(row.status),
    }
}
