//! What a flow does at each reply. Private, which seals [`Flow`].

use core::time::Duration;

use super::Flow;
use crate::encode::{self, Common};
use crate::reply::Reply;
use crate::{Action, ActionName, Endpoint, Error, HttpRequest, Moment, Repeat, RetryPolicy};

/// A flow between two exchanges: it knows what the next reply must be.
pub trait Machine<F: Flow<Machine = Self>>: Sized {
    /// How patient the flow is.
    fn policy(&self) -> &RetryPolicy;

    /// Takes the reply. After an error the flow stands where it stood: the reply is not what the action returns.
    fn accept(&mut self, reply: &Reply<'_>, now: Moment) -> Result<Turn<F>, Error>;

    /// Takes an error that repeating the request does not mend.
    fn refuse(&mut self, error: Error, now: Moment) -> Turn<F>;
}

/// Where a flow goes.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub enum Turn<F: Flow> {
    /// To the next request.
    Send(Prepared),
    /// To the next request, but not before some time has passed.
    Wait(Duration, Prepared),
    /// To its end.
    Done(F::Output),
    /// No further.
    Stop(Error, F::Progress),
}

impl<F: Flow<Progress = ()>> From<Result<Prepared, Error>> for Turn<F> {
    fn from(next: Result<Prepared, Error>) -> Self {
        next.map_or_else(|error| Self::Stop(error, ()), Self::Send)
    }
}

/// A request that is ready to be sent.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct Prepared {
    pub(super) request: HttpRequest,
    pub(super) action: ActionName,
    pub(super) repeat: Repeat,
}

impl Prepared {
    /// To be repeated whenever it failed, whatever its actions say by themselves.
    pub(super) fn repeatable(self) -> Self {
        Self { repeat: Repeat::Always, ..self }
    }

    pub(crate) fn new<A: Action>(endpoint: &Endpoint, action: &A, common: Common<'_>) -> Result<Self, Error> {
        Ok(Self { request: encode::request(endpoint, action, common)?, action: A::name(), repeat: A::REPEAT })
    }
}
