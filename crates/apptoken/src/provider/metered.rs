use std::cell::Cell;

use apptoken_core::{Clock, HttpRequest, HttpResponse, Moment, Transport, TransportFailure};

/// Counts the requests of one renewal, and notes when the last was sent.
pub(super) struct Metered<'a> {
    transport: &'a dyn Transport,
    clock: &'a dyn Clock,
    requests: Cell<u32>,
    sent_at: Cell<Moment>,
}

impl<'a> Metered<'a> {
    pub(super) fn new(transport: &'a dyn Transport, clock: &'a dyn Clock) -> Self {
        let sent_at = Cell::new(clock.now());
        Self { transport, clock, requests: Cell::new(0), sent_at }
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.get()
    }

    pub(super) fn sent_at(&self) -> Moment {
        self.sent_at.get()
    }
}

impl Transport for Metered<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        self.requests.set(self.requests.get().saturating_add(1));
        self.sent_at.set(self.clock.now());
        self.transport.send(request)
    }
}
