use std::cell::Cell;
use std::time::Duration;

use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::login::WidgetSession;
use apptoken_core::login::renewal::Term;
use apptoken_core::{Call, Error, Ks, Moment, PartnerId, RetryPolicy};

use super::reentrant;
use super::single_flight::{Next, Role, SingleFlight};
use crate::link::Link;

/// The widget session that all sessions of an account start from.
///
/// Sharing it makes a renewal one request instead of two. Each result has its account with it, because the source can change
/// to another account while a widget session of the first is requested.
pub(super) struct Widgets(SingleFlight<Option<Widget>, (PartnerId, Result<Ks, Error>)>);

#[derive(Clone)]
struct Widget {
    partner: PartnerId,
    session: WidgetSession,
}

/// A widget session with less time left is not used: the login that starts from it takes time too.
const MARGIN: Duration = Duration::from_secs(60);

impl Widgets {
    pub(super) fn new() -> Self {
        Self(SingleFlight::new(|inherited| inherited.cloned().flatten()))
    }

    /// The widget session of an account. One caller requests it from the server, the others wait for its result.
    ///
    /// With `fresh` it is a new one that bypasses the server's response cache.
    pub(super) fn of(
        &self,
        partner: PartnerId,
        link: &Link,
        requests: &Cell<u32>,
        retry: RetryPolicy,
        fresh: bool,
    ) -> Result<Ks, Error> {
        let look = || (link.now(), link.longest_wait());
        let role = self.0.join(look, |widget, situation, now| match (widget, situation.latest) {
            (_, Some(latest)) if latest.0 == partner => Next::Answer(latest.clone()),
            (Some(widget), _) if !fresh && widget.partner == partner && widget.is_good(now) => {
                Next::Answer((partner, Ok(widget.session.ks.clone())))
            }
            _ => Next::Lead(()),
        })?;
        match role {
            Role::Answered((_, answer)) => answer,
            Role::Leader(leader, ()) => {
                let now = link.now();
                let started = start(partner, link, requests, retry, fresh);
                let (_, answer) = leader.finish(|widget| {
                    if let Ok(ks) = &started {
                        let session = WidgetSession { ks: ks.clone(), obtained_at: now, fresh };
                        *widget = Some(Widget { partner, session });
                    }
                    (partner, started)
                });
                answer
            }
            Role::Reentrant => Err(reentrant()),
        }
    }

    /// Stores the widget session that a login obtained itself, because the server refused the one it started from.
    pub(super) fn keep(&self, partner: PartnerId, widget: &WidgetSession) {
        self.0.change(|place| *place = Some(Widget { partner, session: widget.clone() }));
    }

    /// Keeps a widget session that a store had, unless there is a good one already.
    pub(super) fn offer(&self, partner: PartnerId, widget: WidgetSession, now: Moment) {
        self.0.change(|place| {
            if !place.as_ref().is_some_and(|current| current.partner == partner && current.is_good(now)) {
                *place = Some(Widget { partner, session: widget });
            }
        });
    }

    /// The widget session that is there, for a store.
    pub(super) fn current(&self, partner: PartnerId) -> Option<WidgetSession> {
        self.0.look(|place| place.as_ref().filter(|widget| widget.partner == partner).map(|it| it.session.clone()))
    }

    /// Removes this widget session, so that the next login starts from another. A newer one stays.
    pub(super) fn forget(&self, ks: &Ks) {
        self.0.change(|place| {
            if place.as_ref().is_some_and(|widget| widget.session.ks.is_same(ks)) {
                *place = None;
            }
        });
    }
}

impl Widget {
    fn is_good(&self, now: Moment) -> bool {
        // The server returns it from its response cache for up to 600 s (by the code of release Venus-22.19.0), so it can
        // be that old when it arrives.
        let age = if self.session.fresh { Duration::ZERO } else { StartWidgetSession::CACHE_LIFETIME };
        let lifetime = StartWidgetSession::DEFAULT_LIFETIME;
        let term = Term { lifetime, age, known_at: self.session.obtained_at, server_time: None };
        term.left(now) > MARGIN
    }
}

fn start(partner: PartnerId, link: &Link, requests: &Cell<u32>, retry: RetryPolicy, fresh: bool) -> Result<Ks, Error> {
    let call = Call::new(link.endpoint.clone(), StartWidgetSession::of(partner)).retry(retry);
    let call = if fresh { call.bypass_cache() } else { call };
    Ok(link.drive_counted(call.start(link.now())?, requests)?.ks)
}
