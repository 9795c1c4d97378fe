//! Renewing one session: the store, the app token, the widget session, the login, and what is told of it.

use std::sync::Arc;
use std::time::Duration;

use apptoken_core::renewal::{Decision, Outcome, Reason, Renewal, Term};
use apptoken_core::{Error, ErrorKind, HashChoice, KalturaCode, Ks, Login, Moment, Session, drive};

use super::credentials::{Held, is_token_refused};
use super::flight::Pilot;
use super::identity::{Answer, Identity, State};
use super::metered::Metered;
use super::shared::Shared;
use super::widget::Ask;
use crate::store::{SessionKey, StoredSession};
use crate::{Event, Origin};

/// A session that was just obtained.
struct Obtained {
    session: Arc<Session>,
    term: Term,
    from: Origin,
}

impl Shared {
    /// Renews a session, as the leader of its flight.
    pub(super) fn renew(&self, identity: &Identity, pilot: Pilot<'_, State, Answer>, why: Reason) -> Answer {
        let options = &identity.options;
        let abandoned = OnPanic(identity);
        self.tell(&Event::RenewalStarted { identity: options, why });
        let begun = self.clock.now();
        let meter = Metered::new(&*self.transport, &*self.clock);
        let obtained = self.obtain(identity, &meter);
        let now = self.clock.now();
        let (duration, requests) = (now.elapsed.saturating_sub(begun.elapsed), meter.requests());
        let mut stale = None;
        let answer = pilot.land(|state| match &obtained {
            Ok(Obtained { session, term, .. }) => {
                identity.renewed(state, Arc::clone(session), *term, now);
                Ok(Arc::clone(session))
            }
            Err(error) => {
                let (answer, why) = identity.failed(state, error, now);
                stale = why;
                answer
            }
        });
        std::mem::forget(abandoned);
        match &obtained {
            Ok(Obtained { session, from, .. }) => {
                self.tell(&Event::RenewalSucceeded { identity: options, session, from: *from, duration, requests });
            }
            Err(error) => self.tell(&Event::RenewalFailed { identity: options, error, duration, requests }),
        }
        if let (Some(why), Ok(session)) = (stale, &answer) {
            self.tell(&Event::ServedStale { identity: options, session, why });
        }
        self.warn_of_token_end(now);
        answer
    }

    /// Obtains a session with the app token in force; if that is refused and the source has another, with that one.
    fn obtain(&self, identity: &Identity, meter: &Metered<'_>) -> Result<Obtained, Error> {
        let held = self.credentials.current()?;
        let error = match self.obtain_with(identity, &held, meter) {
            Err(error) if is_token_refused(&error) => error,
            done => return done,
        };
        match self.credentials.after_refusal(&held) {
            Some(next) => self.obtain_with(identity, &next, meter),
            None => Err(error),
        }
    }

    /// Takes the session from the store, or logs in and puts it there.
    fn obtain_with(&self, identity: &Identity, held: &Arc<Held>, meter: &Metered<'_>) -> Result<Obtained, Error> {
        let Some(store) = &self.store else {
            return self.log_in(identity, held, meter);
        };
        let key = self.key(identity, held);
        // What is wrong with the store is told, and dealt with, under its lock.
        let kept = store.load(&key).ok().flatten();
        if let Some(found) = kept.and_then(|kept| self.accept(identity, held, &key, &kept)) {
            return Ok(found);
        }
        let mut obtained = None;
        let stored = store.exclusively(&key, &mut |kept| {
            if let Some(found) = kept.and_then(|kept| self.accept(identity, held, &key, &kept)) {
                obtained = Some(Ok(found));
                return None;
            }
            let result = self.log_in(identity, held, meter);
            let to_keep = result.as_ref().ok().and_then(|Obtained { session, .. }| {
                StoredSession::new(&key, &held.used.token, session, meter.sent_at())
            });
            obtained = Some(result);
            to_keep
        });
        if let Err(error) = stored {
            self.tell(&Event::StoreFailed { error: &error });
        }
        obtained.unwrap_or_else(|| self.log_in(identity, held, meter))
    }

    fn key(&self, identity: &Identity, held: &Held) -> SessionKey {
        let credential = &held.used;
        SessionKey::new(&self.endpoint, credential.partner, credential.id.clone(), identity.options.clone())
    }

    /// Takes a kept session if it is of this token, another than the one to be renewed, and young.
    fn accept(&self, identity: &Identity, held: &Held, key: &SessionKey, kept: &StoredSession) -> Option<Obtained> {
        if !kept.belongs_to(key, &held.used.token) || !identity.is_news(kept.ks()) {
            return None;
        }
        let now = self.clock.now();
        // A date that was set back since makes its age unknown.
        let age = Duration::from_secs(now.wall.seconds_since(kept.sent_at()).try_into().ok()?);
        let obtained_at = Moment { wall: kept.sent_at(), elapsed: now.elapsed };
        let session = Session::granted(kept.grant(obtained_at)?, &held.used, &identity.options).ok()?;
        let server_time = session.server_time().map(|time| time.plus(age));
        let term = Term { age, server_time, ..Term::of(&session, now) };
        let is_young = {
            let mut renewal = Renewal::new(self.renewal);
            renewal.record(Outcome::Renewed(term), now);
            matches!(renewal.decide(now, false), Decision::Use { .. })
        };
        is_young.then(|| Obtained { session: Arc::new(session), term, from: Origin::Store })
    }

    fn log_in(&self, identity: &Identity, held: &Arc<Held>, meter: &Metered<'_>) -> Result<Obtained, Error> {
        let credential = &held.used;
        let partner = credential.partner;
        let ask = Ask { endpoint: &self.endpoint, retry: self.retry, meter, clock: &*self.clock };
        // Detection must not lose a try to a widget session out of the cache that has ended.
        let fresh = credential.hash == HashChoice::Detect;
        let widget = self.widgets.of(partner, &ask, fresh)?;
        let session = self.log_in_from(&widget, identity, held, meter);
        match &session {
            Ok(session) => {
                self.credentials.found(held, session.hash_type());
                if let Some(widget) = session.widget() {
                    self.widgets.keep(partner, widget);
                }
            }
            Err(error) if is_widget_suspect(error) => self.widgets.forget(&widget),
            Err(_) => {}
        }
        let session = session?;
        let term = Term::of(&session, meter.sent_at());
        Ok(Obtained { session: Arc::new(session), term, from: Origin::Login })
    }

    fn log_in_from(
        &self,
        widget: &Ks,
        identity: &Identity,
        held: &Held,
        meter: &Metered<'_>,
    ) -> Result<Session, Error> {
        let login = Login::new(self.endpoint.clone(), held.used.clone()).options(identity.options.clone());
        let exchange = login.retry(self.retry).start_with_or_widget(widget.clone(), self.clock.now())?;
        Ok(drive(exchange, meter, &*self.clock)?)
    }
}

/// Whether another widget session may do.
pub(super) fn is_widget_suspect(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(_) | KalturaCode::InvalidAppTokenHash))
}

/// Lets the next caller renew if this one panics.
struct OnPanic<'a>(&'a Identity);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        self.0.abandoned();
    }
}
