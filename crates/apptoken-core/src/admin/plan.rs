//! What the flows that add a token have in common: they look first, do what is missing, and look again when in doubt.

use core::time::Duration;

use crate::admin::hand_over::HandOver;
use crate::admin::token_search::Search;
use crate::admin::verify;
use crate::api::app_token;
use crate::api::app_token::{AppToken, AppTokenFilter};
use crate::api::list::ListAction as _;
use crate::error::Error;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::ids::PartnerId;
use crate::value::ks::Ks;
use crate::wire::action::Action;
use crate::wire::encode::Common;
use crate::wire::endpoint::Endpoint;

/// The account in which the flow works, and how.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) endpoint: Endpoint,
    pub(super) admin: Ks,
    pub(super) partner: PartnerId,
    pub(super) retry: RetryPolicy,
}

impl Site {
    pub(super) fn request(&self, action: &impl Action) -> Result<Prepared, Error> {
        Prepared::new(&self.endpoint, action, Common { ks: Some(&self.admin), nocache: None })
    }

    /// One page of the tokens that pass a filter, where a search stands.
    pub(super) fn page(filter: AppTokenFilter, search: &Search) -> app_token::List {
        let mut list = app_token::List::new(filter);
        list.turn_to(search.pager());
        list
    }
}

/// What is known of the token that the flow is about.
#[derive(Default)]
pub(super) struct Known {
    pub(super) token: Option<AppToken>,
    /// The session that the login which proves the token starts from.
    pub(super) widget: Option<Ks>,
    /// The request whose outcome is unknown.
    pub(super) in_doubt: Option<ActionName>,
    /// How often the flow has looked again, or tried the login again.
    pub(super) rounds: u32,
}

impl Known {
    /// The login with the token.
    pub(super) fn login(&self, site: &Site) -> Result<Prepared, Error> {
        match (&self.token, &self.widget) {
            (Some(token), Some(widget)) => verify::prepare(&site.endpoint, token, widget),
            _ => Err(Error::new(ErrorKind::UnexpectedReply)),
        }
    }

    pub(super) fn hand_over(&self, site: &Site) -> Result<HandOver, Error> {
        let token = self.token.clone().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply))?;
        HandOver::of(site.partner, token)
    }

    fn next_pause(&mut self, retry: &RetryPolicy) -> Option<Duration> {
        self.rounds = self.rounds.saturating_add(1);
        retry.wait_after(self.rounds, Duration::ZERO)
    }
}

/// A flow that looks first, so that it can be stopped anywhere and run again.
pub(super) trait Plan: Machine {
    fn known(&mut self) -> (&Site, &mut Known);

    /// Asks for everything that can be known before anything is changed, in one request.
    fn look(&mut self) -> Result<Prepared, Error>;

    /// Ends the flow, with what it has done.
    fn stop(&mut self, error: Error) -> Turn<Self::Output, Self::Progress>;

    fn go(&mut self, next: Result<Prepared, Error>) -> Turn<Self::Output, Self::Progress> {
        next.map_or_else(|error| self.stop(error), Turn::Send)
    }

    /// After a change whose outcome is unknown: what is there now tells.
    fn in_doubt(&mut self, error: Error) -> Turn<Self::Output, Self::Progress> {
        self.known().1.in_doubt = error.action();
        self.look_again(error)
    }

    fn look_again(&mut self, error: Error) -> Turn<Self::Output, Self::Progress> {
        let next = self.look();
        self.later(next, error)
    }

    /// The token is new, and copies of the database may not have heard of it yet.
    fn verify_again(&mut self, error: Error) -> Turn<Self::Output, Self::Progress> {
        let (site, known) = self.known();
        let next = known.login(site);
        self.later(next, error)
    }

    fn later(&mut self, next: Result<Prepared, Error>, error: Error) -> Turn<Self::Output, Self::Progress> {
        let (site, known) = self.known();
        match (known.next_pause(&site.retry), next) {
            (Some(pause), Ok(prepared)) => Turn::Wait(pause, prepared),
            _ => self.stop(error),
        }
    }
}
