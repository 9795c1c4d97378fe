//! Counts of connections and requests.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of an emulator since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Accepted TCP connections.
    pub connections: u64,
    /// Completed full TLS handshakes.
    pub full_handshakes: u64,
    /// TLS handshakes that resumed a TLS session.
    pub resumed_handshakes: u64,
    /// Requests that reached the fake, without those to the control interface.
    pub requests: u64,
    /// Those of these requests that were handled on a worker thread, so that small requests did not wait for them.
    pub worker_requests: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: Counter,
    pub(crate) full_handshakes: Counter,
    pub(crate) resumed_handshakes: Counter,
    pub(crate) requests: Counter,
    pub(crate) worker_requests: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        Counts {
            connections: self.connections.get(),
            full_handshakes: self.full_handshakes.get(),
            resumed_handshakes: self.resumed_handshakes.get(),
            requests: self.requests.get(),
            worker_requests: self.worker_requests.get(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
