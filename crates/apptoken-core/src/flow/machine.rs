//! What a flow does at each reply. Private, which seals [`Flow`].

use alloc::boxed::Box;
use core::time::Duration;

use super::Flow;
use crate::encode::{self, Common};
use crate::reply::Reply;
use crate::{Action, ActionName, Endpoint, Error, HttpRequest, Moment, Repeat, RetryPolicy};

/// A flow between two exchanges: it knows what the next reply must be.
pub trait Machine<F: Flow<Machine = Self>>: Sized {
    /// How patient the flow is.
    fn policy(&self) -> &RetryPolicy;

    /// Takes the reply, or gives the flow back if the reply is not what the action returns.
    fn accept(self, reply: &Reply<'_>, now: Moment) -> Result<Turn<F>, Unreadable<Self>>;

    /// Takes an error that repeating the request does not mend.
    fn refuse(self, error: Error, now: Moment) -> Turn<F>;
}

/// A flow at a reply that it could not read, and why.
pub(crate) type Unreadable<M> = Box<(M, Error)>;

/// Where a flow goes.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub enum Turn<F: Flow> {
    /// To the next request.
    Send(Prepared, F::Machine),
    /// To the next request, but not before some time has passed.
    Wait(Duration, Prepared, F::Machine),
    /// To its end.
    Done(F::Output),
    /// No further.
    Stop(Error, F::Progress),
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
