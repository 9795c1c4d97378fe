use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::exchange::drive_counted;
use apptoken_core::{
    Action, Call, Clock, Endpoint, Error, Exchange, Flow, Ks, Moment, RetryPolicy, StoppedFlow, Transport, drive,
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
}

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
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn drive<F: Flow>(&self, exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        drive(exchange, &*self.transport, &*self.clock)
    }

    /// Drives a flow, and adds the number of its requests to `requests`.
    pub(crate) fn drive_counted<F: Flow>(
        &self,
        exchange: Exchange<F>,
        requests: &Cell<u32>,
    ) -> Result<F::Output, Error> {
        let (result, sent) = drive_counted(exchange, &*self.transport, &*self.clock);
        requests.set(requests.get().saturating_add(sent));
        Ok(result?)
    }

    pub(crate) fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        Ok(self.drive(flow.start(self.now())?)?)
    }

    pub(crate) fn call<A: Action>(&self, ks: &Ks, action: A) -> Result<A::Reply, Error> {
        self.run(Call::new(self.endpoint.clone(), action).with_ks(ks.clone()).retry(self.retry))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, retry, transport: _, clock: _, request_timeout: _ } = self;
        f.debug_struct("Link").field("endpoint", endpoint).field("retry", retry).finish_non_exhaustive()
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
    use apptoken_core::{FnTransport, Region, TransportFailure};

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
}
