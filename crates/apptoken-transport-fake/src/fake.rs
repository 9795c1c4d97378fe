use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::answers::table::{AnswerId, Answers, SetAnswer};
use crate::answers::{Answer, AnswerConfig, PreparedAnswer};
use crate::clock::FakeClock;
use crate::config_error::ConfigError;
use crate::fault::{Fault, FaultId};
use crate::journal::Journal;
use crate::model::state::State;
use crate::server::Server;
use crate::server::locked_server::LockedServer;
use crate::wire::reply::Delivery;
use crate::wire::request::{ParsedRequest, WireRequest};

/// An in-memory Kaltura server.
///
/// Cloning is cheap, and clones share the server. A `Fake` uses no thread and no socket, and never sleeps.
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

impl Fake {
    pub(crate) fn of(server: Server, is_seeded: bool) -> Self {
        let clock = server.clock.clone();
        Self { server: Arc::new(Mutex::new(server)), clock, is_seeded }
    }

    /// Handles a request: parses it, runs its actions and builds the reply.
    #[must_use]
    pub fn handle(&self, request: &WireRequest) -> Delivery {
        self.handle_parsed(&request.parse())
    }

    /// Handles a parsed request.
    ///
    /// Other threads can make requests meanwhile: the server is unlocked between the parts of a multirequest and while
    /// a large request is prepared or a large reply is serialized.
    #[must_use]
    pub fn handle_parsed(&self, request: &ParsedRequest<'_>) -> Delivery {
        LockedServer::lock(&self.server, request.wire.size()).handle(request)
    }

    /// Like [`handle_parsed`](Self::handle_parsed), but returns `None` at once if another thread is using the fake, so that
    /// the caller can do other work meanwhile.
    #[must_use]
    pub fn try_handle_parsed(&self, request: &ParsedRequest<'_>) -> Option<Delivery> {
        Some(LockedServer::try_lock(&self.server, request.wire.size())?.handle(request))
    }

    /// Whether the seed was set with [`Builder::seed`](crate::Builder::seed). If it was, the caller expects
    /// reproducible ids and secrets.
    #[must_use]
    pub fn is_seeded(&self) -> bool {
        self.is_seeded
    }

    /// Replaces predictable secrets by random ones, for a fake that other machines can reach.
    ///
    /// From now on, token values and the random parts of sessions come from the operating system. Existing tokens get
    /// new values. Accounts get new secrets if they still have those of [`Account::new`](crate::Account::new). Read
    /// secrets after this call, not before.
    pub fn use_system_randomness(&self) {
        self.lock().state.use_system_randomness();
    }

    /// The clock that the fake uses for everything.
    #[must_use]
    pub fn clock(&self) -> FakeClock {
        self.clock.clone()
    }

    /// A copy of the journal.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.lock().journal.clone()
    }

    /// A copy of the journal without the requests up to a number, for a program that follows it: it costs only the new
    /// entries.
    #[must_use]
    pub fn journal_after(&self, number: u64) -> Journal {
        self.lock().journal.after(number)
    }

    /// Clears the journal and its counts.
    pub fn clear_journal(&self) {
        self.lock().journal = Journal::default();
    }

    /// Injects a fault for future requests.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.lock().faults.inject(fault)
    }

    /// The faults that are still active, in the order of their injection.
    #[must_use]
    pub fn faults(&self) -> Vec<(FaultId, Fault)> {
        self.lock().faults.list()
    }

    /// Removes a fault. Returns `false` if it is no longer active.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.lock().faults.remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Sets an answer of the test's own for an action, such as `partner.getInfo`. It is given instead of what the fake
    /// models.
    ///
    /// The checks of the server come first: only a request whose session, permissions and arguments are accepted gets the
    /// answer. It replaces an answer for the same action and conditions. Answers belong to the state: a snapshot contains
    /// them. The response cache does not store them.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names what is wrong: no action has this name (it then names the nearest one), the action has no such
    /// parameter, the value cannot be written, or there are more than 1,000 answers or 16 MiB.
    pub fn answer(&self, action: &str, answer: Answer) -> Result<AnswerId, ConfigError> {
        self.set_answer(answer.for_action(action)?)
    }

    /// Sets an answer of the test's own from its JSON form, as in a configuration: an object with the key `action`, one
    /// of `value`, `values` and `error`, and optionally `when`.
    ///
    /// # Errors
    ///
    /// As [`answer`](Self::answer).
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::Fake;
    ///
    /// let fake = Fake::new();
    /// fake.answer_from_json(r#"{"action": "media.count", "value": 7, "when": {"filter:statusEqual": 2}}"#)?;
    /// # Ok::<(), apptoken_transport_fake::ConfigError>(())
    /// ```
    pub fn answer_from_json(&self, json: &str) -> Result<AnswerId, ConfigError> {
        let config: AnswerConfig = ConfigError::parse(json)?;
        self.set_answer(config.try_into()?)
    }

    pub(crate) fn set_answer(&self, answer: PreparedAnswer) -> Result<AnswerId, ConfigError> {
        self.lock().change_answers(|answers| answers.set(answer))
    }

    /// The answers that are set, in the order in which they were set.
    #[must_use]
    pub fn answers(&self) -> Vec<SetAnswer> {
        self.lock().state.answers.list()
    }

    /// Removes an answer. Returns `false` if it is no longer set.
    pub fn remove_answer(&self, id: AnswerId) -> bool {
        self.lock().change_answers(|answers| answers.remove(id))
    }

    /// Removes all answers, also those of the configuration.
    pub fn clear_answers(&self) {
        self.lock().change_answers(Answers::clear);
    }

    /// Switches the response cache on or off, and clears it.
    pub fn set_response_cache(&self, yes: bool) {
        self.lock().set_caching(yes);
    }

    /// The whole state of the server as JSON: accounts, tokens, users, roles, revoked sessions and
    /// the test's own answers.
    ///
    /// It contains the secrets of all accounts and tokens, so treat it as a secret. It does not contain the clock,
    /// faults, the journal or cached replies.
    #[must_use]
    pub fn snapshot(&self) -> String {
        // Cloning is fast because the clone shares the rows of the tables. Requests do not wait for the JSON.
        let state = self.lock().state.clone();
        serde_json::to_string(&state).unwrap_or_default()
    }

    /// Restores a snapshot and clears the response cache.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the text is not a snapshot, or if its state is inconsistent. The fake is then unchanged.
    pub fn restore(&self, snapshot: &str) -> Result<(), SnapshotError> {
        let state: State = serde_json::from_str(snapshot).map_err(|error| SnapshotError::of(&error))?;
        if let Some(inconsistency) = state.inconsistency() {
            return Err(SnapshotError { reason: format!(": {inconsistency}") });
        }
        // The previous state can be large: drop it after the server is unlocked.
        let before = self.lock().restore(state);
        drop(before);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn server(&self) -> &Mutex<Server> {
        &self.server
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Server> {
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

/// Why a snapshot cannot be restored. It reports what was expected and where, but never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    reason: String,
}

impl SnapshotError {
    fn of(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // Other messages of serde_json contain the value that was found, which can be a secret.
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
