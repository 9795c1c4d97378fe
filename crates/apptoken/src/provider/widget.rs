use std::time::Duration;

use apptoken_core::renewal::Term;
use apptoken_core::session::StartWidgetSession;
use apptoken_core::{Call, Clock, Endpoint, Error, Ks, Moment, PartnerId, RetryPolicy, WidgetSession, drive};

use super::flight::{Flight, Joined, Need, for_ever};
use super::metered::Metered;

/// The one widget session that all sessions of an account start from.
pub(super) struct Widgets(Flight<Option<Kept>, Result<Ks, Error>>);

struct Kept {
    partner: PartnerId,
    ks: Ks,
    term: Term,
}

/// A widget session that ends so soon is not used any more.
const MARGIN: Duration = Duration::from_secs(60);

impl Widgets {
    pub(super) fn new() -> Self {
        Self(Flight::new(None))
    }

    /// The widget session of an account; one caller asks the server for it, the others wait for him.
    ///
    /// With `fresh` a new one comes past the server's response cache.
    pub(super) fn of(&self, partner: PartnerId, ask: &Ask<'_>, fresh: bool) -> Result<Ks, Error> {
        let now = ask.clock.now();
        let Ok(joined) = self.0.join(for_ever, |kept, situation| match (kept, situation.brought) {
            (_, Some(brought)) => Need::Answer(brought.clone()),
            (Some(kept), None) if !fresh && kept.partner == partner && kept.is_good(now) => {
                Need::Answer(Ok(kept.ks.clone()))
            }
            _ => Need::Flight(()),
        });
        match joined {
            Joined::Answer(answer) => answer,
            Joined::Lead(pilot, ()) => {
                let started = ask.start(partner, fresh);
                pilot.land(|kept| match started {
                    Ok(ks) => {
                        *kept = Some(Kept { partner, ks: ks.clone(), term: term(fresh, ask.meter.sent_at()) });
                        Ok(ks)
                    }
                    Err(error) => Err(error),
                })
            }
        }
    }

    /// Keeps the widget session that a login obtained by itself, because the one it was given was refused.
    pub(super) fn keep(&self, partner: PartnerId, widget: &WidgetSession) {
        let term = term(widget.fresh, widget.obtained_at);
        self.0.with(|kept, _| *kept = Some(Kept { partner, ks: widget.ks.clone(), term }));
    }

    /// Starts the next session from another widget session, if this is still the one.
    pub(super) fn forget(&self, ks: &Ks) {
        self.0.with(|kept, _| {
            if kept.as_ref().is_some_and(|kept| kept.ks.is_same(ks)) {
                *kept = None;
            }
        });
    }
}

impl Kept {
    fn is_good(&self, now: Moment) -> bool {
        self.term.left(now) > MARGIN
    }
}

/// How long a widget session lasts at least: out of the response cache it comes at an age.
fn term(fresh: bool, known_at: Moment) -> Term {
    let age = if fresh { Duration::ZERO } else { StartWidgetSession::CACHED };
    Term { lifetime: StartWidgetSession::DEFAULT_LIFETIME, age, known_at, server_time: None }
}

/// How to ask the server.
pub(super) struct Ask<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) retry: RetryPolicy,
    pub(super) meter: &'a Metered<'a>,
    pub(super) clock: &'a dyn Clock,
}

impl Ask<'_> {
    fn start(&self, partner: PartnerId, fresh: bool) -> Result<Ks, Error> {
        let call = Call::new(self.endpoint.clone(), StartWidgetSession::of(partner)).retry(self.retry);
        let call = if fresh { call.bypassing_cache() } else { call };
        Ok(drive(call.start(self.clock.now())?, self.meter, self.clock)?.ks)
    }
}
