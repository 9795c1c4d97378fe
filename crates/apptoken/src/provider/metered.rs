use std::cell::Cell;

use apptoken_core::{Clock, HttpRequest, HttpResponse, Moment, Transport, TransportFailure, UnixSeconds};

/// Counts the requests of one renewal, and notes when the last was sent and what the server's clock then showed.
pub(super) struct Metered<'a> {
    transport: &'a dyn Transport,
    clock: &'a dyn Clock,
    requests: Cell<u32>,
    sent_at: Cell<Moment>,
    server_time: Cell<Option<UnixSeconds>>,
}

impl<'a> Metered<'a> {
    pub(super) fn new(transport: &'a dyn Transport, clock: &'a dyn Clock) -> Self {
        let sent_at = Cell::new(clock.now());
        Self { transport, clock, requests: Cell::new(0), sent_at, server_time: Cell::new(None) }
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.get()
    }

    pub(super) fn sent_at(&self) -> Moment {
        self.sent_at.get()
    }

    pub(super) fn server_time(&self) -> Option<UnixSeconds> {
        self.server_time.get()
    }
}

impl Transport for Metered<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        self.requests.set(self.requests.get().saturating_add(1));
        self.sent_at.set(self.clock.now());
        let reply = self.transport.send(request)?;
        self.server_time.set(reply.server_time());
        Ok(reply)
    }
}
