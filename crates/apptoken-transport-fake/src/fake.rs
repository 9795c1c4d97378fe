use std::fmt;
use std::sync::Arc;

use apptoken_core::{AccountSecret, AppTokenId, AppTokenSecret, HashType, Ks, PartnerId, UnixSeconds};
use parking_lot::{Mutex, MutexGuard};

use crate::cache::Cache;
use crate::clock::FakeClock;
use crate::config::{Config, ConfigError, global_roles};
use crate::fault::{Fault, FaultId, Faults};
use crate::journal::Journal;
use crate::model::account::Account;
use crate::model::role::RoleRow;
use crate::model::session::{NewSession, partner_id, secret};
use crate::model::token::{Token, TokenRow, TokenSpec, TokenStatus};
use crate::model::widget::Widget;
use crate::model::{Secret, State};
use crate::server::Server;
use crate::turn::Turn;
use crate::wire::reply::Delivery;
use crate::wire::request::{ParsedRequest, WireRequest};

/// Kaltura in memory.
///
/// A handle: clones share the server. It answers one request at a time, and needs no thread, no socket and no time.
///
/// # Examples
///
/// ```
/// use apptoken_core::{HashType, PartnerId};
/// use apptoken_transport_fake::{Fake, TokenSpec};
///
/// let fake = Fake::new();
/// let token = fake.add_token(PartnerId::new(101)?, TokenSpec::new(HashType::Sha256).user("alice"));
/// // Log in with `token.id` and `token.secret`, with `&fake` as the transport and `fake.clock()` as the clock; then:
/// assert_eq!(fake.journal().count("appToken.startSession"), 0);
/// # let _ = token;
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Fake {
    server: Arc<Mutex<Server>>,
    clock: FakeClock,
    is_seeded: bool,
}

/// The account of [`Fake::new`].
const DEFAULT_ACCOUNT: u32 = 101;

/// When a fake begins, unless told otherwise: 21 November 2026.
const DEFAULT_TIME: UnixSeconds = UnixSeconds(1_795_236_420);

const DEFAULT_SEED: u64 = 0x006b_616c_7475_7261;

const DEFAULT_JOURNAL_CAPACITY: usize = 10_000;

/// Settings of a new fake.
#[derive(Clone, Debug)]
pub struct Builder {
    seed: Option<u64>,
    clock: FakeClock,
    stores_replies: bool,
    journal_capacity: usize,
}

impl Builder {
    /// What token ids, token values, sessions and chances of faults are made from. The same seed and the same calls give
    /// the same answers, byte for byte. Without a seed they are made from a fixed one.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The clock; by default one that stands at 21 November 2026.
    #[must_use]
    pub fn clock(self, clock: FakeClock) -> Self {
        Self { clock, ..self }
    }

    /// Whether the server stores answers as Kaltura does: a repeated `session.startWidgetSession` gives the same KS for
    /// ten minutes, and errors outlive their cause by two minutes. Off by default.
    #[must_use]
    pub fn response_cache(self, yes: bool) -> Self {
        Self { stores_replies: yes, ..self }
    }

    /// How many requests the journal keeps; 10,000 by default.
    #[must_use]
    pub fn journal_capacity(self, requests: usize) -> Self {
        Self { journal_capacity: requests, ..self }
    }

    /// A fake without accounts.
    #[must_use]
    pub fn build(self) -> Fake {
        self.with_roles(global_roles())
    }

    /// A fake with the accounts and roles of a configuration: JSON with the keys `partners` and, where others than
    /// Kaltura's own are wanted, `roles`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] tells the key and what was expected there.
    pub fn build_from_config(self, json: &str) -> Result<Fake, ConfigError> {
        let Config { accounts, roles } = Config::parse(json)?;
        let mut all = global_roles();
        for role in roles {
            match all.iter_mut().find(|known| known.id == role.id) {
                Some(known) => {
                    let (description, tags) = (
                        role.description.clone().or(known.description.take()),
                        role.tags.clone().or(known.tags.take()),
                    );
                    *known = RoleRow { description, tags, ..role };
                }
                None => all.push(role),
            }
        }
        let fake = self.with_roles(all);
        for account in accounts {
            fake.add_account(account);
        }
        Ok(fake)
    }

    fn with_roles(self, roles: Vec<RoleRow>) -> Fake {
        let Self { seed, clock, stores_replies, journal_capacity } = self;
        let is_seeded = seed.is_some();
        let seed = seed.unwrap_or(DEFAULT_SEED);
        let mut state = State::new(seed);
        let now = clock.time().0;
        for role in roles {
            state.put_role(RoleRow { created_at: now, updated_at: now, ..role });
        }
        let server = Server {
            state,
            clock: clock.clone(),
            faults: Faults::new(seed),
            journal: Journal::default(),
            journal_capacity,
            stores_replies,
            replies: Cache::default(),
            results: Cache::default(),
        };
        Fake { server: Arc::new(Mutex::new(server)), clock, is_seeded }
    }
}

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl Fake {
    /// A fake with the account 101 and its widget `_101`.
    #[must_use]
    pub fn new() -> Self {
        let fake = Self::builder().build();
        fake.add_account(Account::new(partner_id(DEFAULT_ACCOUNT)));
        fake
    }

    /// Settings of a fake that differs.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            seed: None,
            clock: FakeClock::frozen_at(DEFAULT_TIME),
            stores_replies: false,
            journal_capacity: DEFAULT_JOURNAL_CAPACITY,
        }
    }

    /// A fake with the accounts of a configuration; see [`Builder::build_from_config`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] tells the key and what was expected there.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::Fake;
    ///
    /// let fake = Fake::from_config(r#"{"partners": [{"id": 102, "ksVersion": 1, "adminSecret": "a102", "secret": "s102"}]}"#)?;
    /// # let _ = fake;
    /// # Ok::<(), apptoken_transport_fake::ConfigError>(())
    /// ```
    pub fn from_config(json: &str) -> Result<Self, ConfigError> {
        Self::builder().build_from_config(json)
    }

    /// Answers a request: all reading of requests and writing of replies is behind it.
    #[must_use]
    pub fn handle(&self, request: &WireRequest) -> Delivery {
        self.answer(&request.parse())
    }

    /// Answers a request that was parsed.
    ///
    /// Requests of other threads are answered meanwhile: the parts of a multirequest are steps of their own, and long
    /// replies are written beside the server.
    #[must_use]
    pub fn answer(&self, request: &ParsedRequest<'_>) -> Delivery {
        Turn::wait_for(&self.server).handle(request)
    }

    /// Whether the seed was chosen, so that whoever chose it expects what is made from it.
    #[must_use]
    pub fn is_seeded(&self) -> bool {
        self.is_seeded
    }

    /// Makes secrets that nobody can know, for a fake that others than the test's author reach.
    ///
    /// From now on values of tokens and the random parts of sessions come from the operating system. Tokens that are
    /// there get new values, and accounts new secrets where theirs are those of [`Account::new`]: read them after this.
    pub fn use_system_randomness(&self) {
        self.lock().state.become_unpredictable();
    }

    /// The clock, which everything in the fake goes by.
    #[must_use]
    pub fn clock(&self) -> FakeClock {
        self.clock.clone()
    }

    /// A copy of the journal.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.lock().journal.clone()
    }

    /// Empties the journal, its counts too.
    pub fn clear_journal(&self) {
        self.lock().journal = Journal::default();
    }

    /// Adds trouble for requests to come.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.lock().faults.inject(fault)
    }

    /// The faults that wait, in the order of their injection.
    #[must_use]
    pub fn faults(&self) -> Vec<(FaultId, Fault)> {
        self.lock().faults.list()
    }

    /// Takes a fault away; `false` if it is no longer there.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.lock().faults.remove(id)
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Switches the store of answers on or off, and empties it.
    pub fn set_response_cache(&self, yes: bool) {
        let mut server = self.lock();
        server.stores_replies = yes;
        server.replies.clear();
        server.results.clear();
    }

    /// Adds an account with the widget `_<id>`, or puts it in the place of the one with that id.
    pub fn add_account(&self, account: Account) {
        let now = self.clock.time().0;
        self.lock().state.put_account(account, now);
    }

    /// Changes an account, also in ways that no call of the API can: its status, its longest lifetime, its features.
    /// `false` if there is none with that id.
    pub fn change_account(&self, partner: PartnerId, change: impl FnOnce(Account) -> Account) -> bool {
        let now = self.clock.time().0;
        let mut server = self.lock();
        let Some(account) = server.state.accounts.get(&partner.get()).cloned() else { return false };
        let changed = Account { id: partner.get(), ..change(account) };
        server.state.put_account(changed, now);
        true
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.lock().state.accounts.values().cloned().collect()
    }

    /// The main admin secret of an account.
    #[must_use]
    pub fn admin_secret(&self, partner: PartnerId) -> Option<AccountSecret> {
        self.lock().state.accounts.get(&partner.get()).map(|account| secret(account.main_secret()))
    }

    /// Adds a widget to an account.
    pub fn add_widget(&self, widget: Widget) {
        self.lock().state.add_widget(widget);
    }

    /// Adds an application token. An account that is not there is made, as [`Account::new`] makes it.
    #[must_use]
    pub fn add_token(&self, partner: PartnerId, spec: TokenSpec) -> Token {
        let now = self.clock.time().0;
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
        };
        let token = token(&row);
        state.put_token(row);
        token
    }

    /// The token of that id, also a disabled or deleted one.
    #[must_use]
    pub fn token(&self, id: &AppTokenId) -> Option<Token> {
        self.lock().state.token_in_any_status(id.as_str()).map(token)
    }

    /// All tokens of an account, by id; disabled and deleted ones too.
    #[must_use]
    pub fn tokens(&self, partner: PartnerId) -> Vec<Token> {
        let server = self.lock();
        server.state.tokens().filter(|row| row.partner_id == i64::from(partner.get())).map(token).collect()
    }

    /// Sets the status of a token, which no call of the API can; `false` if there is none with that id.
    pub fn set_token_status(&self, id: &AppTokenId, status: TokenStatus) -> bool {
        let mut server = self.lock();
        let Some(row) = server.state.token_in_any_status(id.as_str()).cloned() else { return false };
        server.state.put_token(TokenRow { status: status.code(), ..row });
        true
    }

    /// A session of an administrator of an account, who calls himself `admin`, for a day. `None` if there is no such
    /// account.
    #[must_use]
    pub fn admin_session(&self, partner: PartnerId) -> Option<Ks> {
        let now_nanos = self.clock.wall_nanos();
        let mut server = self.lock();
        let account = server.state.accounts.get(&partner.get())?.clone();
        let new = NewSession {
            user_id: "admin",
            session_type: 2,
            lifetime: 86_400,
            privileges: "",
            master_partner_id: None,
            secret: None,
        };
        Ks::parse(server.state.mint(&account, &new, now_nanos).text).ok()
    }

    /// Everything that the server keeps, as JSON. It holds the secrets of all accounts and tokens: treat it as one.
    ///
    /// Clock, faults, journal and stored answers are no part of it.
    #[must_use]
    pub fn snapshot(&self) -> String {
        // The copy shares the rows of the tables: requests wait for it only, not for the JSON.
        let state = self.lock().state.clone();
        serde_json::to_string(&state).unwrap_or_default()
    }

    /// Goes back to a snapshot; stored answers are forgotten.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the text is not a snapshot, or one of a state that no fake can have; the fake is as before
    /// then.
    pub fn restore(&self, snapshot: &str) -> Result<(), SnapshotError> {
        let state: State = serde_json::from_str(snapshot).map_err(|error| SnapshotError::of(&error))?;
        if let Some(flaw) = state.flaw() {
            return Err(SnapshotError { reason: format!(": {flaw}") });
        }
        let mut server = self.lock();
        let state = server.state.continued_by(state);
        let before = std::mem::replace(&mut server.state, state);
        server.replies.clear();
        server.results.clear();
        drop(server);
        drop(before);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn server(&self) -> &Mutex<Server> {
        &self.server
    }

    fn lock(&self) -> MutexGuard<'_, Server> {
        self.server.lock()
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.lock();
        let accounts: Vec<u32> = server.state.accounts.keys().copied().collect();
        f.debug_struct("Fake")
            .field("accounts", &accounts)
            .field("clock", &self.clock)
            .field("requests", &server.journal.requests())
            .finish_non_exhaustive()
    }
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
        // Ids and values of tokens are the fake's own.
        id: AppTokenId::parse(row.id.as_str()).unwrap_or_else(|_| unreachable!("the fake makes sound ids")),
        secret: AppTokenSecret::parse(row.token.expose())
            .unwrap_or_else(|_| unreachable!("the fake makes sound values")),
        hash_type,
        status: TokenStatus::from_code(row.status),
    }
}

/// A text that is not a snapshot. It tells what was expected and where, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    reason: String,
}

impl SnapshotError {
    fn of(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // Other messages hold the value that was found, which can be a secret.
        let is_harmless = text.starts_with("expected") || text.starts_with("missing field");
        let reason = text.split(" at line ").next().filter(|_| is_harmless);
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        Self { reason: format!(" (line {}, column {}){reason}", error.line(), error.column()) }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a snapshot of a fake{}", self.reason)
    }
}

impl std::error::Error for SnapshotError {}
