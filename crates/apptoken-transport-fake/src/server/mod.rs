//! The server: one request at a time, from the wire to the wire.

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
    /// Replies to whole requests.
    replies: Cache<LoggedReply>,
    /// Results of the parts of multirequests.
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

    /// Goes back to another state, and returns the one before. What is cached belongs to that one.
    pub(crate) fn restore(&mut self, state: State) -> State {
        let state = self.state.continued_by(state);
        self.clear_caches();
        std::mem::replace(&mut self.state, state)
    }

    fn clear_caches(&mut self) {
        self.replies.clear();
        self.results.clear();
    }
}
