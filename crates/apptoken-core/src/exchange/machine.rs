//! The state machine of a flow. It is not public, which seals [`Flow`](super::Flow).

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
use crate::wire::reply::CheckedReply;

/// The state of a flow while it waits for a reply.
pub trait Machine: Sized {
    /// The result of the flow.
    type Output;
    /// What the flow has done when it fails.
    type Progress;

    /// The retry policy of the flow.
    fn policy(&self) -> &RetryPolicy;

    /// Processes a reply. It returns an error, and keeps its state, if the reply is not a result of the action.
    fn accept(
        &mut self,
        reply: &CheckedReply<'_>,
        now: Moment,
    ) -> Result<Transition<Self::Output, Self::Progress>, Error>;

    /// Processes an error after which the request is not repeated.
    fn refuse(&mut self, error: Error, now: Moment) -> Transition<Self::Output, Self::Progress>;
}

/// What a flow does next.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub enum Transition<O, P = ()> {
    /// It sends the next request.
    Send(PreparedRequest),
    /// It sends the next request after a wait.
    Wait(Duration, PreparedRequest),
    /// It is complete.
    Done(O),
    /// It fails.
    Stop(Error, P),
}

impl<O> From<Result<PreparedRequest, Error>> for Transition<O> {
    fn from(next: Result<PreparedRequest, Error>) -> Self {
        next.map_or_else(|error| Self::Stop(error, ()), Self::Send)
    }
}

/// A request that is ready to be sent.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct PreparedRequest {
    pub(super) request: HttpRequest,
    pub(super) action: ActionName,
    pub(super) repeat: Repeat,
}

impl PreparedRequest {
    /// Makes the request repeatable after every transient failure, for a flow in which that is safe.
    pub(crate) fn repeatable(self) -> Self {
        Self { repeat: Repeat::Always, ..self }
    }

    pub(crate) fn new<A: Action>(endpoint: &Endpoint, action: &A, common: Common<'_>) -> Result<Self, Error> {
        Ok(Self {
            request: encode::request(endpoint, action, common)?,
            action: action.target(),
            repeat: action.repeat(),
        })
    }
}
