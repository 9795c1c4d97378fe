//! The server: its state, its caches, and how it handles a request.

mod answer;
mod cache_key;
mod execute;
mod fault_reply;
mod fixed_reply;
mod handle;
mod headers;
mod journal_entry;
pub(crate) mod locked_server;
mod logged_reply;

use crate::answers::table::Answers;
use crate::cache::Cache;
use crate::clock::FakeClock;
use crate::fault::Faults;
use crate::journal::Journal;
use crate::model::state::State;
use crate::output::Output;
use crate::server::logged_reply::LoggedReply;

pub(crate) struct Server {
    pub(crate) state: State,
    pub(crate) clock: FakeClock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    journal_capacity: usize,
    is_caching: bool,
    /// Cached replies to whole requests.
    replies: Cache<LoggedReply>,
    /// Cached results of the parts of multirequests.
    results: Cache<Output>,
}

impl Server {
    pub(crate) fn new(
        state: State,
        clock: FakeClock,
        faults: Faults,
        journal_capacity: usize,
        is_caching: bool,
    ) -> Self {
        Self {
            state,
            clock,
            faults,
            journal: Journal::default(),
            journal_capacity,
            is_caching,
            replies: Cache::default(),
            results: Cache::default(),
        }
    }

    pub(crate) fn set_caching(&mut self, yes: bool) {
        self.is_caching = yes;
        self.clear_caches();
    }

    /// Replaces the state and returns the previous one. Clears the caches, which belong to the previous state.
    pub(crate) fn restore(&mut self, state: State) -> State {
        let state = self.state.with_own_randomness(state);
        self.clear_caches();
        std::mem::replace(&mut self.state, state)
    }

    /// Changes the test's own answers. Clears the caches, so that no earlier reply is repeated.
    pub(crate) fn change_answers<T>(&mut self, change: impl FnOnce(&mut Answers) -> T) -> T {
        self.clear_caches();
        change(&mut self.state.answers)
    }

    fn clear_caches(&mut self) {
        self.replies.clear();
        self.results.clear();
    }
}
