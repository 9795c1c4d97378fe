//! Calling a single action.

use core::fmt;
use core::marker::PhantomData;

use crate::error::Error;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::action::Action;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// A call of one action. Its output is the action's result.
///
/// # Examples
///
/// ```
/// use apptoken_core::api::session::StartWidgetSession;
/// use apptoken_core::{Call, Clock, Error, Ks, PartnerId, Region, Transport, drive};
///
/// fn widget_ks(partner: PartnerId, transport: &dyn Transport, clock: &dyn Clock) -> Result<Ks, Error> {
///     let call = Call::new(Region::Frankfurt.into(), StartWidgetSession::of(partner));
///     Ok(drive(call.start(clock.now())?, transport, clock)?.ks)
/// }
/// ```
pub struct Call<A: Action> {
    endpoint: Endpoint,
    action: A,
    ks: Option<Ks>,
    retry: RetryPolicy,
    bypass_cache: bool,
}

impl<A: Action> Call<A> {
    /// Creates a call without a KS.
    pub fn new(endpoint: Endpoint, action: A) -> Self {
        Self { endpoint, action, ks: None, retry: RetryPolicy::default(), bypass_cache: false }
    }

    /// Sets the KS of the call.
    #[must_use]
    pub fn with_ks(self, ks: Ks) -> Self {
        Self { ks: Some(ks), ..self }
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Makes the server bypass its response cache, which keeps replies to callers without a KS or with a widget KS for up
    /// to 600 s, and errors for 120 s.
    #[must_use]
    pub fn bypass_cache(self) -> Self {
        Self { bypass_cache: true, ..self }
    }

    /// Starts the call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the action's parameters cannot be written as a JSON
    /// object.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let common = Common { ks: self.ks.as_ref(), nocache: self.bypass_cache.then(|| Nocache::new(now)) };
        let prepared = PreparedRequest::new(&self.endpoint, &self.action, common)?;
        Ok(Exchange::start(CallMachine { retry: self.retry, action: PhantomData }, prepared, now))
    }
}

impl<A: Action> fmt::Debug for Call<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, action, ks, retry: _, bypass_cache: _ } = self;
        f.debug_struct("Call")
            .field("action", &format_args!("{}", action.target()))
            .field("endpoint", endpoint)
            .field("ks", ks)
            .finish_non_exhaustive()
    }
}

impl<A: Action> Flow for Call<A> {
    type Output = A::Reply;
    type Progress = ();
    type Machine = CallMachine<A>;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct CallMachine<A> {
    retry: RetryPolicy,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Machine for CallMachine<A> {
    type Output = A::Reply;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, _: Moment) -> Result<Transition<A::Reply>, Error> {
        reply.parse().map(Transition::Done)
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<A::Reply> {
        Transition::Stop(error, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use core::time::Duration;

    use serde_json::Value;

    use crate::api::session::StartWidgetSession;
    use crate::value::ids::PartnerId;
    use crate::value::time::UnixSeconds;

    #[test]
    fn the_cache_is_bypassed_on_request() {
        let now = Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO };
        for bypass in [false, true] {
            let action = StartWidgetSession::of(PartnerId::new(101).unwrap());
            let call = Call::new(Endpoint::parse("https://example.org").unwrap(), action);
            let exchange = if bypass { call.bypass_cache() } else { call }.start(now).unwrap();
            let body: Value = serde_json::from_slice(exchange.request().body()).unwrap();
            assert_eq!(body.get("nocache").is_some(), bypass);
        }
    }
}
