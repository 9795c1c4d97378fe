//! Flows: sequences of exchanges that do one thing.

mod audit;
mod batch;
mod call;
mod hand_over;
mod login;
mod login_session;
mod machine;
mod pages;
mod plan;
mod provision;
mod revoke;
mod rotate;
mod token_search;
mod verify;

use core::fmt;
use core::time::Duration;

pub use audit::{Audit, AuditedToken, Finding};
pub use batch::{Batch, BatchResults, Reference, Ticket};
pub use call::Call;
pub use hand_over::HandOver;
pub use login::{Credential, Login};
pub use login_session::{Changes, Grant, Session, ShortenedLifetime, WidgetSession};
use machine::{Machine, Prepared, Turn};
pub use pages::AllPages;
pub use provision::{Provision, ProvisionProgress, ServiceRole};
pub use revoke::{Revoke, Revoked};
pub use rotate::{OldToken, Rotate, RotateProgress, Rotated};

use crate::reply::Reply;
use crate::{Clock, Error, HttpRequest, HttpResponse, Moment, Repeat, Transport, TransportFailure};

/// Something that takes one or more exchanges, such as [`Login`] or [`Call`].
///
/// Sealed: new actions are added by implementing [`Action`](crate::Action).
pub trait Flow: Sized {
    /// What it ends with.
    type Output;
    /// What it has done when it stops early, and how to go on; `()` where nothing is left behind.
    type Progress;
    #[doc(hidden)]
    type Machine: Machine<Self>;

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
        Self { machine, prepared, failures: 0, started: now.elapsed }
    }

    /// The request to send now.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.prepared.request
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
        match Reply::of(reply).and_then(|answer| self.machine.accept(&answer, now)) {
            Ok(turn) => self.follow(turn),
            Err(error) => self.fail(error, now),
        }
    }

    /// Takes the failure to get a reply to the request.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the flow cannot go on.
    pub fn failed(self, failure: TransportFailure, now: Moment) -> Result<Step<F>, Stopped<F>> {
        self.fail(Error::transport(failure), now)
    }

    fn fail(mut self, error: Error, now: Moment) -> Result<Step<F>, Stopped<F>> {
        let error = error.during(self.prepared.action);
        let repeatable = self.prepared.repeat == Repeat::Always || !error.may_have_acted();
        self.failures = self.failures.saturating_add(1);
        match self.machine.policy().wait_after(self.failures, now.elapsed.saturating_sub(self.started)) {
            Some(wait) if repeatable && error.is_transient() => Ok(Step::Wait(wait, self)),
            _ => {
                let turn = self.machine.refuse(error, now);
                self.follow(turn)
            }
        }
    }

    fn follow(self, turn: Turn<F>) -> Result<Step<F>, Stopped<F>> {
        match turn {
            Turn::Send(prepared) => Ok(Step::Send(Self { prepared, failures: 0, ..self })),
            Turn::Wait(pause, prepared) => {
                // A wait that the flow plans does not count against the deadline of repetition.
                let started = self.started.saturating_add(pause);
                Ok(Step::Wait(pause, Self { prepared, failures: 0, started, ..self }))
            }
            Turn::Done(output) => Ok(Step::Done(output)),
            Turn::Stop(error, progress) => Err(Stopped { error: error.during(self.prepared.action), progress }),
        }
    }
}

/// Drives a flow to its end: sends, receives and waits.
///
/// The one blocking loop of the project; it uses nothing that a caller could not use. An async program writes the same
/// loop with `.await`.
///
/// # Errors
///
/// [`Stopped`] if the flow cannot go on; it converts into [`Error`] with `?`.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Clock, Error, Login, Session, Transport, drive};
///
/// fn log_in(login: Login, transport: &dyn Transport, clock: &dyn Clock) -> Result<Session, Error> {
///     Ok(drive(login.start(clock.now())?, transport, clock)?)
/// }
/// ```
pub fn drive<F: Flow>(
    mut exchange: Exchange<F>,
    transport: impl Transport,
    clock: impl Clock,
) -> Result<F::Output, Stopped<F>> {
    loop {
        let step = match transport.send(exchange.request()) {
            Ok(reply) => exchange.receive(&reply, clock.now())?,
            Err(failure) => exchange.failed(failure, clock.now())?,
        };
        exchange = match step {
            Step::Send(next) => next,
            Step::Wait(duration, next) => {
                clock.sleep(duration);
                next
            }
            Step::Done(output) => return Ok(output),
        };
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
        let Self { machine: _, prepared, failures, started: _ } = self;
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
