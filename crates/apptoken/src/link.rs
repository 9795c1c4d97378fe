use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, RandomState};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_core::exchange::drive_counted;
use apptoken_core::{
    Action, Call, Clock, Endpoint, Error, Exchange, Flow, HttpRequest, HttpResponse, Ks, Moment, RetryPolicy,
    StoppedFlow, Transport, TransportFailure, drive,
};

use crate::clock::SystemClock;

/// A server, and the transport, clock and retry policy for requests to it. Every client of this crate has one.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) endpoint: Endpoint,
    pub(crate) retry: RetryPolicy,
    pub(crate) transport: Arc<dyn Transport + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock + Send + Sync>,
    /// The longest time that the transport spends on one request. The core cannot ask the transport for it.
    pub(crate) request_timeout: Duration,
    pub(crate) seeds: Seeds,
    is_stopped: Arc<AtomicBool>,
}

/// How often a wait that only time ends looks for a stop. So a stop takes effect within this time, whatever the clock.
const STOP_INTERVAL: Duration = Duration::from_millis(250);

#[cfg(feature = "ureq")]
const REQUEST_TIMEOUT: Duration = apptoken_transport_ureq::TOTAL_TIMEOUT;
#[cfg(not(feature = "ureq"))]
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

impl Link {
    pub(crate) fn new(endpoint: Endpoint, transport: Arc<dyn Transport + Send + Sync>) -> Self {
        Self {
            endpoint,
            retry: RetryPolicy { jitter_seed: random_seed(), ..RetryPolicy::default() },
            transport,
            clock: Arc::new(SystemClock::new()),
            request_timeout: REQUEST_TIMEOUT,
            seeds: Seeds::new(),
            is_stopped: Arc::default(),
        }
    }

    /// Ends all waits and requests, also those of clones, and refuses later ones.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.transport.stop();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// For how long a caller may wait for another one before it looks again, or the error after a stop.
    pub(crate) fn longest_wait(&self) -> Result<Option<Duration>, Error> {
        if self.is_stopped() { Err(stopped().into()) } else { Ok(Some(STOP_INTERVAL)) }
    }

    /// Sleeps, until a stop at most. In steps, because a clock of the caller's cannot be woken.
    pub(crate) fn sleep(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() && !self.is_stopped() {
            let step = left.min(STOP_INTERVAL);
            self.clock.sleep(step);
            left = left.saturating_sub(step);
        }
    }

    /// When a request is retried, with the jitter of this process.
    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy { jitter_seed: self.seeds.of_this_process(self.retry.jitter_seed), ..self.retry }
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn drive<F: Flow>(&self, exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        drive(exchange, UntilStopped(self), UntilStopped(self))
    }

    /// Drives a flow, and adds the number of its requests to `requests`.
    pub(crate) fn drive_counted<F: Flow>(
        &self,
        exchange: Exchange<F>,
        requests: &Cell<u32>,
    ) -> Result<F::Output, Error> {
        let (result, sent) = drive_counted(exchange, UntilStopped(self), UntilStopped(self));
        requests.set(requests.get().saturating_add(sent));
        Ok(result?)
    }

    pub(crate) fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        Ok(self.drive(flow.start(self.now())?)?)
    }

    pub(crate) fn call<A: Action>(&self, ks: &Ks, action: A) -> Result<A::Reply, Error> {
        self.run(Call::new(self.endpoint.clone(), action).with_ks(ks.clone()).retry(self.retry()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, retry, .. } = self;
        f.debug_struct("Link").field("endpoint", endpoint).field("retry", retry).finish_non_exhaustive()
    }
}

/// The transport and the clock of a link, for a flow that a stop ends.
struct UntilStopped<'a>(&'a Link);

impl Transport for UntilStopped<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        if self.0.is_stopped() { Err(stopped()) } else { self.0.transport.send(request) }
    }
}

impl Clock for UntilStopped<'_> {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
}

/// Why nothing was sent after a stop.
pub(crate) fn stopped() -> TransportFailure {
    TransportFailure::not_sent("`stop` was called")
        .permanent()
        .advise("this program called `stop`: create another client or provider to send more requests")
}

/// The seeds of the jitter of the process that set a client up, and of the children that it forks. With the same seed they would
/// all renew and retry at the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds {
    process: u32,
}

impl Seeds {
    pub(crate) fn new() -> Self {
        Self { process: process::id() }
    }

    /// This seed, or in a child another one.
    pub(crate) fn of_this_process(self, seed: u64) -> u64 {
        self.of(process::id(), seed)
    }

    fn of(self, process: u32, seed: u64) -> u64 {
        let is_child = process != self.process;
        if is_child { BuildHasherDefault::<DefaultHasher>::default().hash_one((seed, process)) } else { seed }
    }
}

/// A number that differs between processes and calls: the seed of jitter. With equal seeds, clients that failed together
/// would retry together.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use apptoken_core::{FnTransport, Region};

    /// Clients with the same seed would retry at the same moments after an outage.
    #[test]
    fn two_clients_have_different_jitter_seeds() {
        let link = || {
            Link::new(
                Region::Ireland.into(),
                Arc::new(FnTransport::new(|_| Err(TransportFailure::not_sent("offline")))),
            )
        };
        assert_ne!(link().retry.jitter_seed, link().retry.jitter_seed);
    }

    #[test]
    fn each_child_of_a_fork_has_its_own_seed() {
        let seeds = Seeds { process: 100 };
        assert_eq!(seeds.of(100, 7), 7);
        let children: std::collections::BTreeSet<u64> = (0..1000).map(|process| seeds.of(process, 7)).collect();
        assert_eq!(children.len(), 1000);
    }
}
