//! All pages of a list.

use alloc::vec::Vec;
use core::{fmt, mem};

use crate::api::list::{ListAction, Page, Pager};
use crate::error::Error;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::encode::Common;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

/// All pages of a list, in the largest pages and in an order that additions do not disturb.
///
/// An object that moves to another page meanwhile is returned once. One that is deleted from an earlier page meanwhile
/// can make another one slip through between two pages: the list has no snapshot.
///
/// # Examples
///
/// ```
/// use apptoken_core::api::app_token::{AppToken, AppTokenFilter, List};
/// use apptoken_core::{AllPages, Clock, Endpoint, Error, Ks, Transport, drive};
///
/// fn tokens(endpoint: Endpoint, admin: Ks, transport: &dyn Transport, clock: &dyn Clock) -> Result<Vec<AppToken>, Error> {
///     let list = List::new(AppTokenFilter::default()).without_token_values();
///     Ok(drive(AllPages::new(endpoint, list, admin).start(clock.now())?, transport, clock)?)
/// }
/// ```
pub struct AllPages<L: ListAction> {
    endpoint: Endpoint,
    list: L,
    ks: Ks,
    retry: RetryPolicy,
}

impl<L: ListAction> AllPages<L> {
    /// All that `list` lists; its pager does not count.
    pub fn new(endpoint: Endpoint, list: L, ks: Ks) -> Self {
        Self { endpoint, list, ks, retry: RetryPolicy::default() }
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts with the first page.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the action's parameters cannot be written as a JSON
    /// object.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let (prepared, machine) = self.first()?;
        Ok(Exchange::start(machine, prepared, now))
    }

    pub(crate) fn first(self) -> Result<(Prepared, PagesMachine<L>), Error> {
        let mut machine = PagesMachine { pages: self, pager: Pager::FIRST, found: Vec::new() };
        Ok((machine.ask()?, machine))
    }
}

impl<L: ListAction> fmt::Debug for AllPages<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, list: _, ks, retry: _ } = self;
        f.debug_struct("AllPages")
            .field("list", &format_args!("{}", L::name()))
            .field("endpoint", endpoint)
            .field("ks", ks)
            .finish_non_exhaustive()
    }
}

impl<L: ListAction> Flow for AllPages<L> {
    type Output = Vec<L::Item>;
    type Progress = ();
    type Machine = PagesMachine<L>;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct PagesMachine<L: ListAction> {
    pages: AllPages<L>,
    pager: Pager,
    found: Vec<L::Item>,
}

impl<L: ListAction> PagesMachine<L> {
    fn ask(&mut self) -> Result<Prepared, Error> {
        let AllPages { endpoint, list, ks, .. } = &mut self.pages;
        list.turn_to(self.pager);
        Prepared::new(endpoint, list, Common { ks: Some(ks), nocache: None })
    }
}

impl<L: ListAction> Machine for PagesMachine<L> {
    type Output = Vec<L::Item>;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.pages.retry
    }

    fn accept(&mut self, reply: &Reply<'_>, _: Moment) -> Result<Turn<Vec<L::Item>>, Error> {
        let page: Page<L::Item> = reply.parse()?;
        let more =
            !page.objects.is_empty() && page.total_count > 0 && self.pager.reach() < page.total_count.unsigned_abs();
        for item in page.objects {
            if !self.found.iter().any(|known| L::is_same(known, &item)) {
                self.found.push(item);
            }
        }
        if !more {
            return Ok(Turn::Done(mem::take(&mut self.found)));
        }
        self.pager = self.pager.next();
        Ok(self.ask().into())
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<Vec<L::Item>> {
        Turn::Stop(error, ())
    }
}
