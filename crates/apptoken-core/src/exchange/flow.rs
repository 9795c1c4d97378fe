//! A flow, and the one request at which it always stands.

use core::fmt;
use core::time::Duration;

use crate::error::Error;
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::value::time::Moment;
use crate::wire::action::Repeat;
use crate::wire::http::{HttpRequest, HttpResponse};
use crate::wire::reply::Reply;
use crate::wire::transport::TransportFailure;

/// Something that takes one or more exchanges, such as [`Login`](crate::Login) or [`Call`](crate::Call).
///
/// Sealed: new actions are added by implementing [`Action`](crate::Action).
pub trait Flow: Sized {
    /// What it ends with.
    type Output;
    /// What it has done when it stops early, and how to go on; `()` where nothing is left behind.
    type Progress;
    #[doc(hidden)]
    type Machine: Machine<Output = Self::Output, Progress = Self::Progress>;

    /// Starts the flow; each flow's own `start` tells more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what cannot be sent.
    fn start(self, now: Moment) -> Result<Exchange<Self>, Error>;
}

/// One request, waiting for its reply.
///
/// A flow always stands at exactly one request. The reply consumes it, so no reply can be given twice or out of order.
///
/// ```text
///              +--- Step::Wait: sleep, then send the same request again ---+
///              v                                                           |
///   start --> Exchange: request() --- receive(reply) or failed(failure) ---+--> Step::Done(output)
///              ^                                                           |
///              +--- Step::Send: the next request --------------------------+--> Err(Stopped)
/// ```
#[must_use = "an exchange does nothing until its request is sent and its reply received"]
pub struct Exchange<F: Flow> {
    machine: F::Machine,
    prepared: Prepared,
    /// How often the present request failed.
    failures: u32,
    started: Duration,
    /// The request is not sent before this.
    sent_at: Moment,
    requests: u32,
}

/// What to do after a reply.
#[must_use = "the flow goes on with what this says"]
pub enum Step<F: Flow> {
    /// Send the request of this exchange.
    Send(Exchange<F>),
    /// Wait so long, then send the request of this exchange. A flow never waits by itself.
    Wait(Duration, Exchange<F>),
    /// The flow has ended.
    Done(F::Output),
}

/// A flow that ended early: why, and what it had done.
pub struct Stopped<F: Flow> {
    /// Why it ended.
    pub error: Error,
    /// What it had done.
    pub progress: F::Progress,
}

impl<F: Flow> Exchange<F> {
    pub(crate) fn start(machine: F::Machine, prepared: Prepared, now: Moment) -> Self {
        Self { machine, prepared, failures: 0, started: now.elapsed, sent_at: now, requests: 1 }
    }

    /// The request to send now.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.prepared.request
    }

    /// The earliest time at which the request can have been sent: when the flow started, when the reply before it came,
    /// or when the wait before it ends.
    #[must_use]
    pub fn sent_at(&self) -> Moment {
        self.sent_at
    }

    /// How many requests the flow takes up to and with this one, repetitions included.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Takes the reply to the request, read at `now`.
    ///
    /// One reply is all that an exchange takes:
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
    /// [`Stopped`] if the flow cannot go on.
    pub fn receive(mut self, reply: &HttpResponse, now: Moment) -> Result<Step<F>, Stopped<F>> {
        match Reply::of(reply, self.sent_at).and_then(|answer| self.machine.accept(&answer, now)) {
            Ok(turn) => self.follow(turn, now),
            Err(error) => self.fail(error, now),
        }
    }

    /// Takes the failure to get a reply to the request.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the flow cannot go on.
    pub fn failed(self, failure: TransportFailure, now: Moment) -> Result<Step<F>, Stopped<F>> {
        self.fail(failure.into(), now)
    }

    fn fail(mut self, error: Error, now: Moment) -> Result<Step<F>, Stopped<F>> {
        let error = error.during(self.prepared.action);
        let repeatable = self.prepared.repeat == Repeat::Always || !error.may_have_acted();
        self.failures = self.failures.saturating_add(1);
        match self.machine.policy().wait_after(self.failures, now.elapsed.saturating_sub(self.started)) {
            Some(wait) if repeatable && error.is_transient() => Ok(Step::Wait(wait, self.next(now.plus(wait)))),
            _ => {
                let turn = self.machine.refuse(error, now);
                self.follow(turn, now)
            }
        }
    }

    fn follow(self, turn: Turn<F::Output, F::Progress>, now: Moment) -> Result<Step<F>, Stopped<F>> {
        match turn {
            Turn::Send(prepared) => Ok(Step::Send(Self { prepared, failures: 0, ..self }.next(now))),
            Turn::Wait(pause, prepared) => {
                // A wait that the flow plans does not count against the deadline of repetition.
                let started = self.started.saturating_add(pause);
                Ok(Step::Wait(pause, Self { prepared, failures: 0, started, ..self }.next(now.plus(pause))))
            }
            Turn::Done(output) => Ok(Step::Done(output)),
            Turn::Stop(error, progress) => Err(Stopped { error: error.during(self.prepared.action), progress }),
        }
    }

    fn next(self, sent_at: Moment) -> Self {
        Self { sent_at, requests: self.requests.saturating_add(1), ..self }
    }
}

impl<F: Flow> From<Stopped<F>> for Error {
    fn from(stopped: Stopped<F>) -> Self {
        stopped.error
    }
}

impl<F: Flow> fmt::Display for Stopped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<F: Flow> fmt::Debug for Stopped<F>
where
    F::Progress: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, progress } = self;
        f.debug_struct("Stopped").field("error", error).field("progress", progress).finish()
    }
}

impl<F: Flow> core::error::Error for Stopped<F>
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
