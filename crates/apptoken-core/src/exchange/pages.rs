//! Reading all pages of a list.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::{fmt, mem};

use crate::api::list::{ListAction, Page, Pager};
use crate::error::Error;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::encode::Common;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// Reads all pages of a list, with the largest page size and in an order in which new objects come last.
///
/// The server gives no snapshot of the list. If an object moves to another page between two requests, it is still returned
/// once. If an object of an earlier page is deleted between two requests, another object can be missed.
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
#[derive(Clone)]
pub struct AllPages<L: ListAction> {
    endpoint: Endpoint,
    list: L,
    ks: Ks,
    retry: RetryPolicy,
    watcher: PageWatcher,
}

/// How much of a list has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListProgress {
    /// The objects that were read.
    pub read: usize,
    /// The objects that the server counts, which can change from page to page.
    pub total: usize,
}

/// Whom to call after each page.
#[derive(Clone, Default)]
pub(crate) struct PageWatcher(Option<Arc<dyn Fn(ListProgress) + Send + Sync>>);

impl PageWatcher {
    pub(crate) fn new(page_read: impl Fn(ListProgress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(page_read)))
    }
}

impl fmt::Debug for PageWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "PageWatcher" } else { "none" })
    }
}

impl<L: ListAction> AllPages<L> {
    /// Reads all objects of `list`, whose own pager is ignored.
    pub fn new(endpoint: Endpoint, list: L, ks: Ks) -> Self {
        Self { endpoint, list, ks, retry: RetryPolicy::default(), watcher: PageWatcher::default() }
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Calls this after each page, for a display of progress.
    #[must_use]
    pub fn on_page(self, page_read: impl Fn(ListProgress) + Send + Sync + 'static) -> Self {
        self.watched_by(PageWatcher::new(page_read))
    }

    pub(crate) fn watched_by(self, watcher: PageWatcher) -> Self {
        Self { watcher, ..self }
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

    pub(crate) fn first(self) -> Result<(PreparedRequest, PagesMachine<L>), Error> {
        let mut machine = PagesMachine { pages: self, pager: Pager::FIRST, items: Vec::new() };
        Ok((machine.request_page()?, machine))
    }
}

impl<L: ListAction> fmt::Debug for AllPages<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, list, ks, retry: _, watcher: _ } = self;
        f.debug_struct("AllPages")
            .field("list", &format_args!("{}", list.target()))
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

    fn session(&self) -> Option<&Ks> {
        Some(&self.ks)
    }

    fn with_other_session(&self, session: Ks) -> Option<Self> {
        Some(Self { ks: session, ..self.clone() })
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct PagesMachine<L: ListAction> {
    pages: AllPages<L>,
    pager: Pager,
    items: Vec<L::Item>,
}

impl<L: ListAction> PagesMachine<L> {
    fn request_page(&mut self) -> Result<PreparedRequest, Error> {
        let AllPages { endpoint, list, ks, .. } = &mut self.pages;
        list.set_page(self.pager);
        PreparedRequest::new(endpoint, list, Common { ks: Some(ks), nocache: None })
    }
}

impl<L: ListAction> Machine for PagesMachine<L> {
    type Output = Vec<L::Item>;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.pages.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, _: Moment) -> Result<Transition<Vec<L::Item>>, Error> {
        let page: Page<L::Item> = reply.parse()?;
        // An empty page ends the list even if the total count says otherwise, because it may have changed in between.
        let has_more = !page.objects.is_empty()
            && page.total_count > 0
            && self.pager.max_objects_so_far() < page.total_count.unsigned_abs();
        for item in page.objects {
            if !self.items.iter().any(|known| L::is_same(known, &item)) {
                self.items.push(item);
            }
        }
        if let Some(page_read) = &self.pages.watcher.0 {
            let (read, total) = (self.items.len(), page.total_count.max(0).unsigned_abs());
            page_read(ListProgress { read, total: usize::try_from(total).unwrap_or(usize::MAX) });
        }
        if !has_more {
            return Ok(Transition::Done(mem::take(&mut self.items)));
        }
        self.pager = self.pager.next();
        Ok(self.request_page().into())
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<Vec<L::Item>> {
        Transition::Stop(error, ())
    }
}
