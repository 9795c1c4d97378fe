//! What the flows that add a token have in common: they inspect the account first, do what is missing, and inspect it
//! again when the outcome of a request is unknown.

use core::time::Duration;

use crate::admin::handover::Handover;
use crate::admin::token_search::TokenSearch;
use crate::admin::verify;
use crate::admin::verify::{Proof, Verification};
use crate::api::app_token;
use crate::api::app_token::{AppToken, AppTokenFilter};
use crate::api::list::ListAction as _;
use crate::error::Error;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::ids::PartnerId;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::action::Action;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;

/// How a flow calls the account that it administers.
#[derive(Clone, Debug)]
pub(super) struct AdminAccess {
    pub(super) endpoint: Endpoint,
    pub(super) admin: Ks,
    pub(super) partner: PartnerId,
    pub(super) retry: RetryPolicy,
}

impl AdminAccess {
    pub(super) fn request(&self, action: &impl Action) -> Result<PreparedRequest, Error> {
        PreparedRequest::new(&self.endpoint, action, Common { ks: Some(&self.admin), nocache: None })
    }

    /// The page of the filtered tokens that a search needs next.
    pub(super) fn page(filter: AppTokenFilter, search: &TokenSearch) -> app_token::List {
        let mut list = app_token::List::new(filter);
        list.set_page(search.pager());
        list
    }
}

/// What is known about the token that the flow adds.
#[derive(Default)]
pub(super) struct TokenState {
    pub(super) token: Option<AppToken>,
    /// The widget session for the login that verifies the token.
    pub(super) widget: Option<Ks>,
    /// The request whose outcome is unknown.
    pub(super) in_doubt: Option<ActionName>,
    /// How often the flow has inspected the account or tried the login again.
    pub(super) retries: u32,
}

impl TokenState {
    /// The request that logs in with the token and uses the session.
    pub(super) fn verify(
        &self,
        access: &AdminAccess,
        nocache: Option<Nocache>,
        proof: &Proof,
    ) -> Result<(PreparedRequest, Verification), Error> {
        match (&self.token, &self.widget) {
            (Some(token), Some(widget)) => verify::prepare(&access.endpoint, token, widget, nocache, proof),
            _ => Err(Error::new(ErrorKind::UnexpectedReply)),
        }
    }

    pub(super) fn handover(&self, access: &AdminAccess) -> Result<Handover, Error> {
        let token = self.token.clone().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply))?;
        Handover::of(access.partner, token)
    }

    fn next_wait(&mut self, retry: &RetryPolicy) -> Option<Duration> {
        self.retries = self.retries.saturating_add(1);
        retry.wait_after(self.retries, Duration::ZERO, Duration::ZERO)
    }
}

/// A flow that inspects the account first, so that it can stop at any point and run again.
pub(super) trait ResumableMachine: Machine {
    fn parts(&mut self) -> (&AdminAccess, &mut TokenState);

    /// Reads everything that the flow must know before it changes anything, in one request.
    ///
    /// `appToken.add` and `userRole.add` are not idempotent, so a flow that runs again must find what the first run added.
    fn inspect(&mut self) -> Result<PreparedRequest, Error>;

    /// Stops the flow and reports its progress.
    fn stop(&mut self, error: Error) -> Transition<Self::Output, Self::Progress>;

    fn send(&mut self, next: Result<PreparedRequest, Error>) -> Transition<Self::Output, Self::Progress> {
        next.map_or_else(|error| self.stop(error), Transition::Send)
    }

    /// Inspects the account after a request whose outcome is unknown, instead of sending that request twice.
    fn in_doubt(&mut self, error: Error) -> Transition<Self::Output, Self::Progress> {
        self.parts().1.in_doubt = error.action();
        self.inspect_again(error)
    }

    fn inspect_again(&mut self, error: Error) -> Transition<Self::Output, Self::Progress> {
        let next = self.inspect();
        self.retry_later(next, error)
    }

    /// The request that verifies the token.
    fn verification(&mut self, nocache: Option<Nocache>) -> Result<PreparedRequest, Error>;

    /// Stops if the token does not work. Verifies it again after a wait if a replica of the database may not have it yet.
    fn not_verified(&mut self, error: Error, now: Moment) -> Transition<Self::Output, Self::Progress> {
        if verify::may_be_replication_delay(&error) {
            let next = self.verification(Some(Nocache::new(now)));
            self.retry_later(next, error)
        } else {
            self.stop(error)
        }
    }

    fn retry_later(
        &mut self,
        next: Result<PreparedRequest, Error>,
        error: Error,
    ) -> Transition<Self::Output, Self::Progress> {
        let (access, state) = self.parts();
        match (state.next_wait(&access.retry), next) {
            (Some(pause), Ok(prepared)) => Transition::Wait(pause, prepared),
            _ => self.stop(error),
        }
    }
}
