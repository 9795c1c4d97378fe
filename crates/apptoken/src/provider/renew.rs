//! Renewing one session: the store, the app token, the widget session, the login, and the events.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::login::renewal::{Decision, Outcome, Reason, Renewal, Term};
use apptoken_core::{Error, ErrorKind, HashChoice, KalturaCode, Login, RetryPolicy, Session};

use super::credentials::{ActiveCredential, is_token_refused};
use super::identity::{Answer, Identity, State};
use super::shared::Shared;
use super::single_flight::Leader;
use crate::events::{Event, Origin};
use crate::link::Link;
use crate::store::{SessionKey, StoreError, StoredSession};

/// A session that was just obtained.
struct NewSession {
    session: Arc<Session>,
    term: Term,
    from: Origin,
}

impl Shared {
    /// Renews a session, as its leader.
    pub(super) fn renew(&self, identity: &Identity, leader: Leader<'_, State, Answer>, why: Reason) -> Answer {
        let options = &identity.options;
        let abandoned = OnPanic(identity);
        self.report(&Event::RenewalStarted { identity: options, why });
        let begun = self.link.now();
        let (requests, credential_number) = (Cell::new(0), Cell::new(self.credentials.changes()));
        let obtained = self.obtain(identity, &requests, &credential_number);
        let now = self.link.now();
        let (duration, requests) = (now.elapsed.saturating_sub(begun.elapsed), requests.get());
        let mut stale = None;
        let answer = leader.finish(|state| match &obtained {
            Ok(NewSession { session, term, .. }) => {
                identity.renewed(state, Arc::clone(session), *term, credential_number.get(), now);
                Ok(Arc::clone(session))
            }
            Err(error) => {
                let (answer, why) = identity.failed(state, error, credential_number.get(), now);
                stale = why;
                answer
            }
        });
        std::mem::forget(abandoned);
        match &obtained {
            Ok(NewSession { session, from, .. }) => {
                self.report(&Event::RenewalSucceeded { identity: options, session, from: *from, duration, requests });
            }
            Err(error) => self.report(&Event::RenewalFailed { identity: options, error, duration, requests }),
        }
        if let (Some(why), Ok(session)) = (stale, &answer) {
            self.report(&Event::ServedStale { identity: options, session, why });
        }
        self.warn_of_credentials();
        self.warn_of_token_end(now);
        answer
    }

    /// Obtains a session with the app token in force; if that is refused and the source has another, with that one.
    fn obtain(
        &self,
        identity: &Identity,
        requests: &Cell<u32>,
        credential_number: &Cell<u64>,
    ) -> Result<NewSession, Error> {
        let active = self.current_credential()?;
        credential_number.set(active.number);
        let error = match self.obtain_with(identity, &active, requests) {
            Err(error) if is_token_refused(&error) => error,
            done => return done,
        };
        match self.credentials.after_refusal(&active) {
            Some(next) => {
                credential_number.set(next.number);
                self.obtain_with(identity, &next, requests)
            }
            None => Err(error),
        }
    }

    /// The app token that the source has now: a rotated one is used from the next login on, without a refusal. If the
    /// source fails, the one that was used so far goes on.
    pub(super) fn current_credential(&self) -> Result<Arc<ActiveCredential>, Error> {
        let error = match self.credentials.ask() {
            Ok(active) => return Ok(active),
            Err(error) => error,
        };
        match self.credentials.active() {
            Some(active) => {
                self.report(&Event::SourceFailed { error: &error });
                Ok(active)
            }
            None => Err(error),
        }
    }

    /// Takes the session from the store, or logs in and puts it there.
    fn obtain_with(
        &self,
        identity: &Identity,
        active: &Arc<ActiveCredential>,
        requests: &Cell<u32>,
    ) -> Result<NewSession, Error> {
        let Some(store) = &self.store else {
            return self.log_in(identity, active, requests);
        };
        let key = self.key(identity, active);
        // What is wrong with the store is reported, and dealt with, under its lock.
        let kept = store.load(&key).ok().flatten();
        let partner = active.used.partner;
        let accept = |kept: Option<StoredSession>| {
            let Some(kept) = kept else { return Ok(None) };
            let found = self.accept(identity, active, &key, &kept)?;
            // It outlives most sessions, and saves the first of the two requests of a login.
            if found.is_none()
                && let Some(widget) = kept.widget(&key, &active.used, self.link.now())?
            {
                self.widgets.offer(partner, widget, self.link.now());
            }
            Ok(found)
        };
        if let Ok(Some(found)) = accept(kept) {
            return Ok(found);
        }
        let (mut obtained, mut refused) = (None, None);
        let stored = store.exclusively(&key, self.patience(active), &mut |kept| {
            match accept(kept) {
                Ok(Some(found)) => {
                    obtained = Some(Ok(found));
                    return None;
                }
                Ok(None) => {}
                Err(error) => refused = Some(error),
            }
            let result = self.log_in(identity, active, requests);
            let to_keep = result.as_ref().ok().map(|new| {
                let widget = self.widgets.current(partner);
                StoredSession::with_widget(&key, &active.used.token, &new.session, widget.as_ref())
            });
            obtained = Some(result);
            to_keep
        });
        let stored = stored.and_then(|()| store.remove_ended(self.link.now().wall));
        for error in refused.into_iter().chain(stored.err()) {
            self.report(&Event::StoreFailed { error: &error });
        }
        obtained.unwrap_or_else(|| self.log_in(identity, active, requests))
    }

    fn key(&self, identity: &Identity, active: &ActiveCredential) -> SessionKey {
        let credential = &active.used;
        SessionKey::new(&self.link.endpoint, credential.partner, credential.id.clone(), identity.options.clone())
    }

    /// How long to wait for another who logs in with this app token: the longest that it can take.
    ///
    /// That is two flows: the call for the widget session; and the login, which starts over with a new widget session if
    /// that one is refused, or tries each hash type once.
    fn patience(&self, active: &ActiveCredential) -> Duration {
        let Link { retry, request_timeout, .. } = self.link;
        let login = match active.used.hash {
            HashChoice::Known(_) => retry.longest_flow(3, request_timeout),
            HashChoice::Detect => RetryPolicy::none().longest_flow(4, request_timeout),
        };
        retry.longest_flow(1, request_timeout).saturating_add(login)
    }

    /// Takes a kept session if it is of this token, another than the one to be renewed, and not due for renewal.
    fn accept(
        &self,
        identity: &Identity,
        active: &ActiveCredential,
        key: &SessionKey,
        kept: &StoredSession,
    ) -> Result<Option<NewSession>, StoreError> {
        let now = self.link.now();
        let restored = kept.restore(key, &active.used, now)?;
        let Some((session, term)) = restored.filter(|(session, _)| identity.is_other_session(session.ks())) else {
            return Ok(None);
        };
        let mut renewal = Renewal::new(self.renewal);
        renewal.record(Outcome::Renewed(term), now);
        let is_fresh = matches!(renewal.decide(now, false), Decision::Use { .. });
        Ok(is_fresh.then(|| NewSession { session: Arc::new(session), term, from: Origin::Store }))
    }

    fn log_in(
        &self,
        identity: &Identity,
        active: &Arc<ActiveCredential>,
        requests: &Cell<u32>,
    ) -> Result<NewSession, Error> {
        let credential = &active.used;
        let partner = credential.partner;
        // Detection must not lose a try to a widget session out of the cache that has ended.
        let fresh = credential.hash == HashChoice::Detect;
        let widget = self.widgets.of(partner, &self.link, requests, fresh)?;
        let login = Login::new(self.link.endpoint.clone(), credential.clone()).options(identity.options.clone());
        let exchange = login.retry(self.link.retry).start_with_or_widget(widget.clone(), self.link.now())?;
        let session = self.link.drive_counted(exchange, requests);
        match &session {
            Ok(session) => {
                self.credentials.remember_hash_type(active, session.hash_type());
                if let Some(widget) = session.widget() {
                    self.widgets.keep(partner, widget);
                }
            }
            Err(error) if is_widget_suspect(error) => self.widgets.forget(&widget),
            Err(_) => {}
        }
        let session = Arc::new(session?);
        let term = Term::of(&session);
        Ok(NewSession { session, term, from: Origin::Login })
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
