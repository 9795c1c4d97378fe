//! The server: one request at a time, from the wire to the wire.

mod answer;
mod cache_key;
mod execute;
mod fault_reply;
mod fixed_reply;
mod headers;
mod journal_entry;
mod reply;

use crate::cache::Cache;
use crate::clock::FakeClock;
use crate::fault::{Faults, Place, Trouble};
use crate::journal::{Journal, JournalEntry};
use crate::model::state::State;
use crate::output::Output;
use crate::server::reply::Reply;
use crate::wire::reply::{Delivery, WireReply};
use crate::wire::request::WireRequest;
use crate::wire::route::Route;

pub(crate) struct Server {
    pub(crate) state: State,
    pub(crate) clock: FakeClock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    journal_capacity: usize,
    is_caching: bool,
    /// Replies to whole requests.
    replies: Cache<Reply>,
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

    /// Goes back to another state; what is cached belongs to the one before.
    pub(crate) fn restore(&mut self, state: State) {
        self.state = state;
        self.clear_caches();
    }

    fn clear_caches(&mut self) {
        self.replies.clear();
        self.results.clear();
    }

    pub(crate) fn handle(&mut self, request: &WireRequest) -> Delivery {
        let mut entry = JournalEntry::new(self.clock.time(), &request.method);
        let delivery = self.deliver(request, &mut entry);
        self.journal.add(entry, self.journal_capacity);
        delivery
    }

    fn deliver(&mut self, request: &WireRequest, entry: &mut JournalEntry) -> Delivery {
        let route = Route::of(request.path());
        let params = match &route {
            Route::Api { path } => Some(request.params(path.clone())),
            _ => None,
        };
        if let Some(params) = &params {
            journal_entry::describe_request(entry, params, &self.state);
        }
        let time = self.clock.time().0;
        let fault = self.faults.meet(&entry.action, Place::Request);
        entry.fault = fault.as_ref().map(|fault| fault.trouble().name());
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.commits()) {
            let delivery = fault_reply::delivery(fault.trouble(), WireReply::new(200), time);
            journal_entry::describe_delivery(entry, &delivery, None);
            return delivery;
        }
        let wants_xml = fault.as_ref().is_some_and(|fault| *fault.trouble() == Trouble::Xml);
        let reply = match params {
            Some(_) if request.method == "OPTIONS" => fixed_reply::preflight(time),
            Some(params) => self.answer(request, &params, wants_xml, entry),
            None => fixed_reply::web_page(&route, &request.target, time),
        };
        let Reply { mut wire, outcome } = reply;
        if request.method == "HEAD" {
            wire.body.clear();
        }
        let delivery = match &fault {
            Some(fault) => fault_reply::delivery(fault.trouble(), wire, time),
            None => Delivery::at_once(wire),
        };
        journal_entry::describe_delivery(entry, &delivery, Some(outcome));
        delivery
    }
}
