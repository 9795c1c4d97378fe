//! What a flow does at each reply. Not public, which seals [`Flow`](super::Flow).

use core::time::Duration;

use crate::error::Error;
use crate::error::kind::ActionName;
use crate::exchange::retry::RetryPolicy;
use crate::value::time::Moment;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode;
use crate::wire::encode::Common;
use crate::wire::endpoint::Endpoint;
use crate::wire::http::HttpRequest;
use crate::wire::reply::Reply;

/// A flow between two exchanges: it knows what the next reply must be.
pub trait Machine: Sized {
    /// What the flow ends with.
    type Output;
    /// What the flow has done when it stops early.
    type Progress;

    /// How patient the flow is.
    fn policy(&self) -> &RetryPolicy;

    /// Takes the reply. After an error the flow stands where it stood: the reply is not what the action returns.
    fn accept(&mut self, reply: &Reply<'_>, now: Moment) -> Result<Turn<Self::Output, Self::Progress>, Error>;

    /// Takes an error that repeating the request does not mend.
    fn refuse(&mut self, error: Error, now: Moment) -> Turn<Self::Output, Self::Progress>;
}

/// Where a flow goes.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub enum Turn<O, P = ()> {
    /// To the next request.
    Send(Prepared),
    /// To the next request, but not before some time has passed.
    Wait(Duration, Prepared),
    /// To its end.
    Done(O),
    /// No further.
    Stop(Error, P),
}

impl<O> From<Result<Prepared, Error>> for Turn<O> {
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
    pub(crate) fn repeatable(self) -> Self {
        Self { repeat: Repeat::Always, ..self }
    }

    pub(crate) fn new<A: Action>(endpoint: &Endpoint, action: &A, common: Common<'_>) -> Result<Self, Error> {
        Ok(Self { request: encode::request(endpoint, action, common)?, action: A::name(), repeat: A::REPEAT })
    }
}
