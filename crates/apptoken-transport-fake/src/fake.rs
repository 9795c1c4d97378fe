use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::FakeClock;
use crate::fault::{Fault, FaultId};
use crate::journal::Journal;
use crate::model::state::State;
use crate::server::Server;
use crate::wire::reply::Delivery;
use crate::wire::request::WireRequest;

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
}

impl Fake {
    pub(crate) fn of(server: Server) -> Self {
        let clock = server.clock.clone();
        Self { server: Arc::new(Mutex::new(server)), clock }
    }

    /// Answers a request: reads it, runs its actions, and writes the reply.
    #[must_use]
    pub fn handle(&self, request: &WireRequest) -> Delivery {
        self.lock().handle(request)
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
        serde_json::to_string(&self.lock().state).unwrap_or_default()
    }

    /// Goes back to a snapshot; cached replies are dropped.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the text is not a snapshot; the fake is as before then.
    pub fn restore(&self, snapshot: &str) -> Result<(), SnapshotError> {
        let state: State = serde_json::from_str(snapshot)
            .map_err(|error| SnapshotError { line: error.line(), column: error.column() })?;
        self.lock().restore(state);
        Ok(())
    }

    /// The server, also after a panic in another thread: every request leaves it whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A text that is not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    line: usize,
    column: usize,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column } = self;
        write!(f, "not a snapshot of a fake (line {line}, column {column})")
    }
}

impl std::error::Error for SnapshotError {}
