use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::clock::FakeClock;
use crate::fault::{Fault, FaultId};
use crate::journal::Journal;
use crate::model::state::State;
use crate::server::Server;
use crate::server::locked_server::LockedServer;
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

impl Fake {
    pub(crate) fn of(server: Server, is_seeded: bool) -> Self {
        let clock = server.clock.clone();
        Self { server: Arc::new(Mutex::new(server)), clock, is_seeded }
    }

    /// Answers a request: reads it, runs its actions, and writes the reply.
    #[must_use]
    pub fn handle(&self, request: &WireRequest) -> Delivery {
        self.handle_parsed(&request.parse())
    }

    /// Answers a request that was parsed.
    ///
    /// Requests of other threads are answered meanwhile: the parts of a multirequest are steps of their own, and long
    /// replies are written beside the server.
    #[must_use]
    pub fn handle_parsed(&self, request: &ParsedRequest<'_>) -> Delivery {
        LockedServer::lock(&self.server).handle(request)
    }

    /// Whether the seed was chosen, so that whoever chose it expects what is made from it.
    #[must_use]
    pub fn is_seeded(&self) -> bool {
        self.is_seeded
    }

    /// Makes secrets that nobody can know, for a fake that others than the test's author reach.
    ///
    /// From now on values of tokens and the random parts of sessions come from the operating system. Tokens that are
    /// there get new values, and accounts new secrets where theirs are those of [`Account::new`](crate::Account::new):
    /// read them after this.
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

    /// Switches the cache of replies on or off, and empties it.
    pub fn set_response_cache(&self, yes: bool) {
        self.lock().set_caching(yes);
    }

    /// Everything that the server keeps, as JSON. It holds the secrets of all accounts and tokens: treat it as one.
    ///
    /// Clock, faults, journal and cached replies are not part of it.
    #[must_use]
    pub fn snapshot(&self) -> String {
        // The copy shares the rows of the tables: requests wait for it only, not for the JSON.
        let state = self.lock().state.clone();
        serde_json::to_string(&state).unwrap_or_default()
    }

    /// Goes back to a snapshot; cached replies are dropped.
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
        // Dropped after the lock is released: it can be large.
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

/// A text that is not a snapshot. It says what was expected and where, never a value.
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
