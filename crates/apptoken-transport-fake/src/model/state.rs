use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::answers::table::Answers;
use crate::error::{self, ApiError};
use crate::journal::NewSessionNote;
use crate::model::account::Account;
use crate::model::checked;
use crate::model::collation;
use crate::model::object::{ObjectKind, Objects, Uploads};
use crate::model::revocation::Revocations;
use crate::model::role::RoleRow;
use crate::model::secret::Secret;
use crate::model::table::Table;
use crate::model::token::{STATUS_DELETED, TokenRow};
use crate::model::user::{UserRow, Users, is_valid_user_id};
use crate::model::widget::Widget;

/// The whole state of the server. It is serialized as a snapshot.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The state of the random number generator.
    seed: u64,
    pub(crate) accounts: BTreeMap<u32, Arc<Account>>,
    widgets: BTreeMap<Arc<str>, Widget>,
    tokens: Table<Arc<str>, TokenRow>,
    pub(crate) users: Users,
    pub(crate) roles: Table<i64, RoleRow>,
    pub(crate) revocations: Revocations,
    #[serde(default)]
    pub(crate) answers: Answers,
    #[serde(default)]
    pub(crate) objects: Objects,
    #[serde(default)]
    pub(crate) uploads: Uploads,
    /// Accounts whose secrets are in the memory cache of the server. They use the fast path of `session.start`: after a
    /// restart the server was seen to take the ordinary path once.
    #[serde(rename = "warm")]
    cached_secrets: BTreeSet<i64>,
    /// How many sessions were created. It makes V1 sessions of the same time differ.
    #[serde(rename = "minted")]
    session_count: u64,
    /// Whether secrets come from the operating system instead of the seed.
    #[serde(skip)]
    uses_system_randomness: bool,
    /// The sessions that the running action has made, for the journal.
    #[serde(skip)]
    pub(crate) new_sessions: Vec<NewSessionNote>,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            accounts: BTreeMap::new(),
            widgets: BTreeMap::new(),
            tokens: Table::default(),
            users: Users::default(),
            roles: Table::default(),
            revocations: Revocations::default(),
            answers: Answers::default(),
            objects: Objects::default(),
            uploads: Uploads::default(),
            cached_secrets: BTreeSet::new(),
            session_count: 0,
            uses_system_randomness: false,
            new_sessions: Vec::new(),
        }
    }

    pub(crate) fn account(&self, partner_id: i64) -> Option<&Account> {
        self.accounts.get(&u32::try_from(partner_id).ok()?).map(Arc::as_ref)
    }

    /// An account that stays available while the state is changed.
    pub(crate) fn shared_account(&self, partner_id: i64) -> Option<Arc<Account>> {
        self.accounts.get(&u32::try_from(partner_id).ok()?).cloned()
    }

    /// Adds an account with its default widget, or replaces it.
    pub(crate) fn put_account(&mut self, account: Account, now: i64) {
        let id = account.id;
        self.add_widget(Widget::of(format!("_{id}"), id));
        if account.anonymous_user {
            self.users.find_or_make(id.into(), None, now);
        }
        self.accounts.insert(id, Arc::new(account));
    }

    pub(crate) fn add_widget(&mut self, widget: Widget) {
        self.widgets.insert(collation::fold(&widget.id).into(), widget);
    }

    pub(crate) fn widget(&self, id: &str) -> Option<&Widget> {
        self.widgets.get(lookup(id)?.as_str())
    }

    /// The token with this id, unless it is deleted.
    pub(crate) fn token(&self, id: &str) -> Option<&TokenRow> {
        self.token_in_any_status(id).filter(|token| token.status != STATUS_DELETED)
    }

    pub(crate) fn token_in_any_status(&self, id: &str) -> Option<&TokenRow> {
        self.tokens.get(lookup(id)?.as_str())
    }

    /// All tokens, sorted by id.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &TokenRow> {
        self.tokens.values()
    }

    /// Stores a token, truncated to its columns.
    pub(crate) fn put_token(&mut self, mut token: TokenRow) {
        token.fit_columns();
        self.tokens.insert(collation::fold(&token.id).into(), token);
    }

    /// The user of a token's sessions. Creates the user if the id is valid and no user has it.
    ///
    /// Without an id it is the anonymous user, if the account has one.
    pub(crate) fn user_of_token(&mut self, partner_id: i64, id: Option<&str>, now: i64) -> Option<i64> {
        match (self.users.find(partner_id, id), id) {
            (Some(user), _) => Some(user.row),
            (None, Some(id)) if is_valid_user_id(id) => {
                Some(self.users.insert(UserRow::automatic(partner_id, Some(id), now)))
            }
            _ => None,
        }
    }

    /// Deletes a token and revokes its sessions that were started with this form of its id.
    pub(crate) fn delete_token(&mut self, token: TokenRow, partner: &str, id: &str, now: i64) {
        self.revocations.revoke_session_id(&apptoken_ks::session_id_hash(partner, id));
        self.put_token(TokenRow { status: STATUS_DELETED, updated_at: now, ..token });
    }

    /// Deletes the tokens of a user.
    pub(crate) fn delete_tokens_of(&mut self, user: i64, now: i64) {
        let is_wanted = |token: &TokenRow| token.user == user && token.status != STATUS_DELETED;
        self.tokens.change(is_wanted, |token| (token.status, token.updated_at) = (STATUS_DELETED, now));
    }

    /// An unused token id: the number of the data centre, `_` and 8 characters of 0-9 and a-z.
    pub(crate) fn new_token_id(&mut self) -> String {
        loop {
            let id = self.random_id();
            if self.token_in_any_status(&id).is_none() {
                return id;
            }
        }
    }

    fn random_id(&mut self) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        self.with_random(|random| {
            let name: String = (0..8).filter_map(|_| DIGITS.get(random.usize(..36)).copied().map(char::from)).collect();
            format!("0_{name}")
        })
    }

    /// An unused id of an object. That of an upload token has 32 hexadecimal digits.
    pub(crate) fn new_object_id(&mut self, kind: ObjectKind) -> String {
        loop {
            let id = match kind {
                ObjectKind::UploadToken => format!("0_{}", hex::encode(self.random_bytes::<16>())),
                _ => self.random_id(),
            };
            if self.objects.get(kind, &id).is_none() {
                return id;
            }
        }
    }

    /// Makes room for a new row in each table: a full table drops its deleted rows. The limits prevent clients from
    /// filling the memory; the server has none.
    pub(crate) fn make_room(&mut self) -> Result<(), ApiError> {
        if self.tokens.is_full() {
            self.tokens.retain(|_, token| token.status != STATUS_DELETED);
        }
        if self.users.is_full() {
            self.users.drop_deleted();
        }
        if self.roles.is_full() {
            let last = self.roles.last_key().copied();
            self.roles.retain(|id, role| !role.is_deleted() || Some(*id) == last);
        }
        if self.objects.is_full() {
            self.objects.drop_deleted();
        }
        let is_full = self.tokens.is_full() || self.users.is_full() || self.roles.is_full() || self.objects.is_full();
        if is_full { Err(error::INTERNAL_DATABASE_ERROR.plain()) } else { Ok(()) }
    }

    /// How many rows all searches have scanned.
    pub(crate) fn visited(&self) -> u64 {
        let visited = [self.tokens.visited(), self.users.visited(), self.roles.visited(), self.objects.visited()];
        visited.into_iter().fold(0, u64::wrapping_add)
    }

    pub(crate) fn put_role(&mut self, mut role: RoleRow) {
        role.fit_columns();
        self.roles.insert(role.id, role);
    }

    pub(crate) fn next_role_id(&self) -> i64 {
        self.roles.last_key().map_or(1, |last| last.saturating_add(1))
    }

    /// Loads the secrets of an account into the memory cache.
    pub(crate) fn cache_secrets(&mut self, partner_id: i64) {
        if self.account(partner_id).is_some() {
            self.cached_secrets.insert(partner_id);
        }
    }

    pub(crate) fn has_cached_secrets(&self, partner_id: i64) -> bool {
        self.cached_secrets.contains(&partner_id)
    }

    /// The number of the next session.
    pub(crate) fn count_session(&mut self) -> u64 {
        self.session_count = self.session_count.wrapping_add(1);
        self.session_count
    }

    /// Uses random values of the operating system from now on, and replaces secrets that everybody can compute.
    pub(crate) fn use_system_randomness(&mut self) {
        self.uses_system_randomness = true;
        for account in self.accounts.values_mut() {
            Arc::make_mut(account).replace_derived_secrets(|| hex::encode(system_random::<16>()));
        }
        let is_predictable = |token: &TokenRow| !token.is_value_chosen;
        self.tokens.change(is_predictable, |token| token.token = Secret::new(hex::encode(system_random::<16>())));
    }

    /// A snapshot with the source of random values of this state.
    pub(crate) fn with_own_randomness(&self, snapshot: Self) -> Self {
        Self { uses_system_randomness: self.uses_system_randomness, ..snapshot }
    }

    /// The first inconsistency between rows. Single fields are validated when they are parsed.
    pub(crate) fn inconsistency(&self) -> Option<&'static str> {
        if self.accounts.iter().any(|(id, account)| *id != account.id) {
            return Some("expected the id of each account as its key");
        }
        if !checked::keys(&self.widgets, |widget| collation::fold(&widget.id)) {
            return Some("expected the upper-case id of each widget as its key");
        }
        if !checked::keys(self.tokens.iter(), |token| collation::fold(&token.id)) {
            return Some("expected the upper-case id of each token as its key");
        }
        if self.tokens.values().any(|token| token.partner_id != 0 && self.account(token.partner_id).is_none()) {
            return Some("expected the account of each token to exist");
        }
        if self.roles.iter().any(|(id, role)| *id != role.id) {
            return Some("expected the id of each role as its key");
        }
        self.answers.inconsistency().or_else(|| self.objects.inconsistency())
    }

    pub(crate) fn random_bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.uses_system_randomness {
            return system_random();
        }
        self.with_random(|random| {
            let mut bytes = [0; N];
            random.fill(&mut bytes);
            bytes
        })
    }

    /// A random request number for the header X-Kaltura-Session.
    pub(crate) fn request_number(&mut self) -> i32 {
        self.with_random(|random| random.i32(1..))
    }

    fn with_random<T>(&mut self, make: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let made = make(&mut random);
        self.seed = random.get_seed();
        made
    }
}

/// The key of an id. `None` if it is longer than any stored id; such a text is not worth converting.
fn lookup(id: &str) -> Option<String> {
    const LONGEST: usize = 65_535;
    (id.len() <= LONGEST).then(|| collation::fold(id))
}

/// Random bytes from the operating system.
fn system_random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // It fails only if the operating system has no random number generator.
    getrandom::fill(&mut bytes).unwrap_or_else(|_| unreachable!("the operating system has random bytes"));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::{STATUS_ACTIVE, STATUS_DELETED};
    use crate::model::table::MAX_ROWS;

    fn role(id: i64, status: i64) -> RoleRow {
        let json = serde_json::json!({
            "id": id, "name": "", "system_name": "", "description": null, "status": status, "partner_id": 1,
            "permission_names": null, "tags": null, "created_at": 0, "updated_at": 0,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_full_table_drops_deleted_rows_and_then_refuses_new_ones() {
        let mut state = State::new(1);
        let rows = i64::try_from(MAX_ROWS).unwrap();
        for id in 1..=rows {
            state.put_role(role(id, if id % 2 == 0 { STATUS_DELETED } else { STATUS_ACTIVE }));
        }
        assert!(state.make_room().is_ok());
        // The last row stays, so that its number is not reused.
        assert_eq!((state.roles.len(), state.next_role_id()), (MAX_ROWS / 2 + 1, rows + 1));
        for id in rows + 1..=rows + rows / 2 {
            state.put_role(role(id, STATUS_ACTIVE));
        }
        assert!(state.make_room().is_err());
    }
}
