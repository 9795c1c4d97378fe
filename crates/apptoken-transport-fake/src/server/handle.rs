//! Handles a request: applies faults, builds the reply and records both in the journal.

use crate::actions::requested::RequestedAction;
use crate::fault::{FaultKind, FaultTarget};
use crate::journal::{JournalEntry, shown};
use crate::server::locked_server::LockedServer;
use crate::server::logged_reply::LoggedReply;
use crate::server::{fault_reply, fixed_reply, journal_entry};
use crate::wire::reply::{Delivery, WireReply};
use crate::wire::request::ParsedRequest;
use crate::wire::route::Route;

impl LockedServer<'_> {
    pub(crate) fn handle(&mut self, request: &ParsedRequest<'_>) -> Delivery {
        let mut entry = JournalEntry::new(self.clock.time(), &request.wire.method);
        if let Some(params) = &request.params {
            entry.parameters = self.while_unlocked_if_large(self.request_size, || shown(params));
        }
        let delivery = self.deliver(request, &mut entry);
        let capacity = self.journal_capacity;
        self.journal.add(entry, capacity);
        delivery
    }

    fn deliver(&mut self, parsed: &ParsedRequest<'_>, entry: &mut JournalEntry) -> Delivery {
        let ParsedRequest { wire: request, query: _, params, files: _ } = parsed;
        let requested = params.as_ref().map(RequestedAction::of);
        let call = params.as_ref().zip(requested.as_ref());
        if let Some((params, requested)) = call {
            journal_entry::describe_request(entry, requested, params, &self.state);
        }
        let time = self.clock.time().0;
        let fault = self.faults.take(&entry.action, FaultTarget::Request);
        entry.fault = fault.as_ref().map(|fault| fault.kind().name());
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.commits()) {
            let delivery = fault_reply::delivery(fault.kind(), WireReply::new(200), time);
            journal_entry::describe_delivery(entry, &delivery, None);
            return delivery;
        }
        let wants_xml = fault.as_ref().is_some_and(|fault| *fault.kind() == FaultKind::Xml);
        let reply = match call {
            Some(_) if request.method == "OPTIONS" => fixed_reply::preflight(time),
            Some((params, requested)) => self.answer(parsed, params, requested, wants_xml, entry),
            None => fixed_reply::web_page(&Route::of(request.path()), &request.target, time),
        };
        let LoggedReply { mut wire, outcome } = reply;
        if request.method == "HEAD" {
            wire.body.clear();
        }
        let delivery = match &fault {
            Some(fault) => fault_reply::delivery(fault.kind(), wire, time),
            None => Delivery::at_once(wire),
        };
        journal_entry::describe_delivery(entry, &delivery, Some(outcome));
        delivery
    }
}
