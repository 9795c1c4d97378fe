//! Flows, and the exchange that holds the current request of a flow.

use core::fmt;
use core::time::Duration;

use crate::error::Error;
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::action::Repeat;
use crate::wire::http::{HttpRequest, HttpResponse};
use crate::wire::reply::CheckedReply;
use crate::wire::transport::TransportFailure;

/// An operation that takes one or more exchanges, such as [`Login`](crate::Login) or [`Call`](crate::Call).
///
/// The trait is sealed. To call another action, implement [`Action`](crate::Action).
pub trait Flow: Sized {
    /// The result of the flow.
    type Output;
    /// What the flow has done when it fails, and how to resume it; `()` if there is nothing to resume.
    type Progress;
    #[doc(hidden)]
    type Machine: Machine<Output = Self::Output, Progress = Self::Progress>;

    /// Starts the flow. The `start` method of each flow describes the details.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the input cannot be sent.
    fn start(self, now: Moment) -> Result<Exchange<Self>, Error>;

    /// The session of the flow, for a flow that can be copied with another one.
    #[doc(hidden)]
    fn session(&self) -> Option<&Ks> {
        None
    }

    /// A copy with another session.
    #[doc(hidden)]
    fn with_other_session(&self, _: Ks) -> Option<Self> {
        None
    }
}

/// The current request of a flow, which waits for its reply.
///
/// A flow always has exactly one current request. The reply consumes the exchange, so no reply can be passed twice or out
/// of order.
///
/// ```text
///              +--- Step::Wait: sleep, then send the same request again ---+
///              v                                                           |
///   start --> Exchange: request() --- receive(reply) or failed(failure) ---+--> Step::Done(output)
///              ^                                                           |
///              +--- Step::Send: the next request --------------------------+--> Err(StoppedFlow)
/// ```
#[must_use = "an exchange does nothing until its request is sent and its reply received"]
pub struct Exchange<F: Flow> {
    machine: F::Machine,
    prepared: PreparedRequest,
    /// How often the current request failed.
    failures: u32,
    started: Duration,
    /// The earliest time at which the request is sent.
    sent_at: Moment,
    requests: u32,
}

/// What the caller does after a reply.
#[must_use = "the flow continues only if the caller does this step"]
pub enum Step<F: Flow> {
    /// Send the request of this exchange.
    Send(Exchange<F>),
    /// Wait this long, then send the request of this exchange. A flow never waits by itself.
    Wait(Duration, Exchange<F>),
    /// The flow is complete.
    Done(F::Output),
}

/// A failed flow: its error, and what it had done.
pub struct StoppedFlow<F: Flow> {
    /// Why the flow failed.
    pub error: Error,
    /// What the flow had done.
    pub progress: F::Progress,
}

impl<F: Flow> Exchange<F> {
    pub(crate) fn start(machine: F::Machine, prepared: PreparedRequest, now: Moment) -> Self {
        Self { machine, prepared, failures: 0, started: now.elapsed, sent_at: now, requests: 1 }
    }

    /// The request to send now.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.prepared.request
    }

    /// The earliest time at which the request can have been sent: when the flow started, when the previous reply arrived,
    /// or when the previous wait ends.
    #[must_use]
    pub fn sent_at(&self) -> Moment {
        self.sent_at
    }

    /// The number of requests of the flow so far, including this one and all repetitions.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Processes the reply to the request, which arrived at `now`.
    ///
    /// An exchange accepts one reply:
    ///
    /// ```
    /// # use apptoken_core::{Error, Exchange, HttpResponse, Login, Moment};
    /// fn once(exchange: Exchange<Login>, reply: &HttpResponse, now: Moment) -> Result<(), Error> {
    ///     exchange.receive(reply, now)?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// ```compile_fail,E0382
    /// # use apptoken_core::{Error, Exchange, HttpResponse, Login, Moment};
    /// fn twice(exchange: Exchange<Login>, reply: &HttpResponse, now: Moment) -> Result<(), Error> {
    ///     exchange.receive(reply, now)?;
    ///     exchange.receive(reply, now)?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoppedFlow`] if the flow fails.
    pub fn receive(mut self, reply: &HttpResponse, now: Moment) -> Result<Step<F>, StoppedFlow<F>> {
        match CheckedReply::of(reply, self.sent_at).and_then(|reply| self.machine.accept(&reply, now)) {
            Ok(turn) => self.apply(turn, now),
            Err(error) => self.fail(error, now),
        }
    }

    /// Processes the failure of the transport to get a reply.
    ///
    /// # Errors
    ///
    /// [`StoppedFlow`] if the flow fails.
    pub fn failed(self, failure: TransportFailure, now: Moment) -> Result<Step<F>, StoppedFlow<F>> {
        self.fail(failure.into(), now)
    }

    fn fail(mut self, error: Error, now: Moment) -> Result<Step<F>, StoppedFlow<F>> {
        let error = error.during(self.prepared.action);
        // An action that must not run twice is repeated only if the server certainly did not execute it.
        let repeatable = self.prepared.repeat == Repeat::Always || !error.may_have_acted();
        self.failures = self.failures.saturating_add(1);
        let since_start = now.elapsed.saturating_sub(self.started);
        let at_least = error.retry_after().unwrap_or_default();
        match self.machine.policy().wait_after(self.failures, since_start, at_least) {
            Some(wait) if repeatable && error.is_transient() => {
                self.count_request(now.plus(wait));
                Ok(Step::Wait(wait, self))
            }
            _ => {
                let turn = self.machine.refuse(error, now);
                self.apply(turn, now)
            }
        }
    }

    fn apply(mut self, turn: Transition<F::Output, F::Progress>, now: Moment) -> Result<Step<F>, StoppedFlow<F>> {
        match turn {
            Transition::Send(prepared) => {
                (self.prepared, self.failures) = (prepared, 0);
                self.count_request(now);
                Ok(Step::Send(self))
            }
            Transition::Wait(pause, prepared) => {
                (self.prepared, self.failures) = (prepared, 0);
                // A wait that is part of the flow does not count towards the deadline for repetitions.
                self.started = self.started.saturating_add(pause);
                self.count_request(now.plus(pause));
                Ok(Step::Wait(pause, self))
            }
            Transition::Done(output) => Ok(Step::Done(output)),
            Transition::Stop(error, progress) => {
                Err(StoppedFlow { error: error.during(self.prepared.action), progress })
            }
        }
    }

    fn count_request(&mut self, sent_at: Moment) {
        self.sent_at = sent_at;
        self.requests = self.requests.saturating_add(1);
    }
}

impl<F: Flow> From<StoppedFlow<F>> for Error {
    fn from(stopped: StoppedFlow<F>) -> Self {
        stopped.error
    }
}

impl<F: Flow> fmt::Display for StoppedFlow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<F: Flow> fmt::Debug for StoppedFlow<F>
where
    F::Progress: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, progress } = self;
        f.debug_struct("StoppedFlow").field("error", error).field("progress", progress).finish()
    }
}

impl<F: Flow> core::error::Error for StoppedFlow<F>
where
    F::Progress: fmt::Debug,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}

impl<F: Flow> fmt::Debug for Exchange<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine: _, prepared, failures, started: _, sent_at: _, requests: _ } = self;
        write!(f, "Exchange({}, {:?}, {failures} failures)", prepared.action, prepared.request)
    }
}

impl<F: Flow> fmt::Debug for Step<F>
where
    F::Output: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(exchange) => f.debug_tuple("Send").field(exchange).finish(),
            Self::Wait(duration, exchange) => f.debug_tuple("Wait").field(duration).field(exchange).finish(),
            Self::Done(output) => f.debug_tuple("Done").field(output).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    use crate::api::app_token::{AppTokenFilter, List};
    use crate::exchange::pages::AllPages;
    use crate::value::time::UnixSeconds;
    use crate::wire::endpoint::Endpoint;

    fn at(seconds: u64) -> Moment {
        Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO }.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_request_is_sent_after_the_previous_reply_or_wait() {
        let list = List::new(AppTokenFilter::default());
        let all = AllPages::new(Endpoint::parse("https://example.org").unwrap(), list, Ks::parse("a").unwrap());
        let first = all.start(at(0)).unwrap();
        assert_eq!(first.sent_at(), at(0));
        let Ok(Step::Wait(wait, repetition)) = first.failed(TransportFailure::unknown("reset"), at(5)) else {
            panic!()
        };
        assert_eq!(repetition.sent_at(), at(5).plus(wait));
        let token = r#"{"id":"0_a","partnerId":101,"hashType":"SHA256","status":2,"createdAt":1,"updatedAt":1}"#;
        let page = format!(r#"{{"totalCount":501,"objects":[{token}]}}"#).into_bytes();
        let Ok(Step::Send(next)) = repetition.receive(&HttpResponse::new(200, [("X-Me", "a")], page), at(9)) else {
            panic!()
        };
        assert_eq!(next.sent_at(), at(9));
    }
}
