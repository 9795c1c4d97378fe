//! The renewal of one session: app token, store, widget session, login, and events.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::login::renewal::{Decision, Outcome, Reason, Renewal, Term};
use apptoken_core::{Error, ErrorKind, HashChoice, KalturaCode, Login, RetryPolicy, Session};

use super::credentials::{ActiveCredential, is_token_refused};
use super::identity::{Identity, SessionResult, State};
use super::shared::Shared;
use super::single_flight::Leader;
use crate::events::{Event, Origin};
use crate::link::{Link, stopped};
use crate::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};

/// How often a session of the store is looked for that another provider stored meanwhile. More than one is needed only if the
/// new session cannot be used here.
const STORE_ROUNDS: u32 = 3;

/// A session that a renewal obtained.
pub(super) struct NewSession {
    pub(super) session: Arc<Session>,
    pub(super) term: Term,
    from: Origin,
}

impl Shared {
    /// Renews a session, as the leader of the callers that wait for it.
    pub(super) fn renew(
        &self,
        identity: &Identity,
        leader: Leader<'_, State, SessionResult>,
        why: Reason,
    ) -> SessionResult {
        let options = &identity.options;
        let guard = PanicGuard(identity);
        self.report(&Event::RenewalStarted { identity: options, why });
        let begun = self.link.now();
        let (requests, credential_number) = (Cell::new(0), Cell::new(self.credentials.changes()));
        let obtained = self.obtain(identity, &requests, &credential_number);
        let now = self.link.now();
        let (duration, requests) = (now.elapsed.saturating_sub(begun.elapsed), requests.get());
        let mut stale = None;
        let answer = leader.finish(|state| match &obtained {
            Ok(NewSession { session, term, .. }) => {
                identity.record_renewal(state, Arc::clone(session), *term, credential_number.get(), now);
                Ok(Arc::clone(session))
            }
            Err(error) => {
                let (answer, why) = identity.record_failure(state, error, credential_number.get(), now);
                stale = why;
                answer
            }
        });
        std::mem::forget(guard);
        // Only now, when nobody waits any more: an observer is the caller's code, and can be slow or panic.
        match &obtained {
            Ok(NewSession { session, from, .. }) => {
                self.report(&Event::RenewalSucceeded { identity: options, session, from: *from, duration, requests });
            }
            Err(error) => self.report(&Event::RenewalFailed { identity: options, error, duration, requests }),
        }
        if let (Some(why), Ok(session)) = (stale, &answer) {
            self.report(&Event::StaleSessionServed { identity: options, session, why });
        }
        self.warn_of_unencrypted_server();
        self.warn_of_credentials();
        self.warn_of_token_end(now);
        answer
    }

    /// Obtains a session with the source's app token. If the server refuses it and the source has another one by now, tries
    /// that one.
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

    /// The app token that the source has now, so that a rotated token is used from the next login on, before the old one is
    /// refused. If the source fails, the token in use stays in use.
    pub(super) fn current_credential(&self) -> Result<Arc<ActiveCredential>, Error> {
        let error = match self.credentials.read_source() {
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

    /// Takes the session from the store, or logs in and stores the session.
    fn obtain_with(
        &self,
        identity: &Identity,
        active: &Arc<ActiveCredential>,
        requests: &Cell<u32>,
    ) -> Result<NewSession, Error> {
        let retry = self.link.retry();
        let Some(store) = &self.store else {
            return self.log_in(identity, active, requests, retry);
        };
        let begun = self.link.now();
        for failures in 1.. {
            let (obtained, errors) = self.obtain_through(&**store, identity, active, requests);
            let is_unavailable = errors.iter().any(|error| error.kind() == StoreErrorKind::Unavailable);
            if failures == 1 {
                errors.iter().for_each(|error| self.report(&Event::StoreFailed { error }));
            }
            // A store that fails costs the sharing of sessions, not the session.
            let error = match obtained {
                Some(obtained) => return obtained,
                None if !is_unavailable => return self.log_in(identity, active, requests, retry),
                // One attempt at a time: a machine whose network is back finds in the store what others started meanwhile.
                None => match self.log_in(identity, active, requests, RetryPolicy { attempts: 1, ..retry }) {
                    Err(error) if error.is_transient() => error,
                    done => return done,
                },
            };
            let passed = self.link.now().elapsed.saturating_sub(begun.elapsed);
            match retry.wait_after(failures, passed, error.retry_after().unwrap_or_default()) {
                Some(wait) => self.link.sleep(wait),
                None => return Err(error),
            }
        }
        Err(stopped().into())
    }

    /// Takes the session from the store, or logs in under its lock. The result is `None` if the store prevented that.
    fn obtain_through(
        &self,
        store: &(dyn SessionStore + Send + Sync),
        identity: &Identity,
        active: &Arc<ActiveCredential>,
        requests: &Cell<u32>,
    ) -> (Option<Result<NewSession, Error>>, Vec<StoreError>) {
        let key = self.key(identity, active);
        let partner = active.used.partner;
        let accept = |stored: Option<StoredSession>| {
            let Some(stored) = stored else { return Ok(None) };
            let found = self.accept(identity, active, &key, &stored)?;
            // The widget session outlives most sessions, and saves the first of the two requests of a login.
            if found.is_none()
                && let Some(widget) = stored.widget(&key, &active.used, self.link.now())?
            {
                self.widgets.offer(partner, widget, self.link.now());
            }
            Ok(found)
        };
        let (begun, patience) = (self.link.now(), self.patience(active));
        let (mut obtained, mut refused) = (None, None);
        let mut written = Ok(());
        for _ in 0..STORE_ROUNDS {
            // First without the store's lock, which a provider that renews holds for a whole login. An error is ignored here:
            // the same read under the lock meets it again, and is the one that reports it and moves a damaged file aside.
            if let Ok(Some(found)) = accept(store.load(&key).ok().flatten()) {
                return (Some(Ok(found)), Vec::new());
            }
            let waited = self.link.now().elapsed.saturating_sub(begun.elapsed);
            written = store.renew_exclusively(&key, patience.saturating_sub(waited), &mut |stored| {
                // Another provider may have renewed the session while this one waited for the lock.
                match accept(stored) {
                    Ok(Some(found)) => {
                        obtained = Some(Ok(found));
                        return None;
                    }
                    Ok(None) => {}
                    Err(error) => refused = Some(error),
                }
                let result = self.log_in(identity, active, requests, self.link.retry());
                let to_store = result.as_ref().ok().map(|new| {
                    let widget = self.widgets.current(partner);
                    StoredSession::with_widget(&key, &active.used.token, &new.session, widget.as_ref())
                });
                obtained = Some(result);
                to_store
            });
            // Otherwise another provider stored a session while this one waited.
            if obtained.is_some() || written.is_err() {
                break;
            }
        }
        let written = written.and_then(|()| store.remove_ended(self.link.now().wall));
        (obtained, refused.into_iter().chain(written.err()).collect())
    }

    pub(super) fn key(&self, identity: &Identity, active: &ActiveCredential) -> SessionKey {
        SessionKey::new(&self.link.endpoint, &active.used, identity.options.clone())
    }

    /// How long to wait while another provider renews the session: the longest time of a login with this app token. A shorter
    /// wait could end while that login still succeeds, and start a second one.
    ///
    /// A login is two flows: the call for the widget session; and the login flow, which has up to three requests, because it
    /// starts again with a new widget session if the server refuses the first, or which tries each of the four hash types
    /// once.
    fn patience(&self, active: &ActiveCredential) -> Duration {
        let Link { retry, request_timeout, .. } = &self.link;
        let login = match active.used.hash {
            HashChoice::Known(_) => retry.longest_flow(3, *request_timeout),
            HashChoice::Detect => RetryPolicy::none().longest_flow(4, *request_timeout),
        };
        retry.longest_flow(1, *request_timeout).saturating_add(login)
    }

    /// Accepts a stored session if it is of this app token, not the one to be renewed, and not due for renewal.
    pub(super) fn accept(
        &self,
        identity: &Identity,
        active: &ActiveCredential,
        key: &SessionKey,
        stored: &StoredSession,
    ) -> Result<Option<NewSession>, StoreError> {
        let now = self.link.now();
        let restored = stored.restore(key, &active.used, now)?;
        let Some((session, term)) = restored.filter(|(session, _)| identity.is_other_session(session.ks())) else {
            return Ok(None);
        };
        // A new machine decides by the policy alone. The identity's own may be in a pause after its failures, in which it
        // would accept any session that has not expired.
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
        retry: RetryPolicy,
    ) -> Result<NewSession, Error> {
        let credential = &active.used;
        let partner = credential.partner;
        // Detection retries nothing, so a widget session that expired in the server's response cache would end it.
        let fresh = credential.hash == HashChoice::Detect;
        let widget = self.widgets.of(partner, &self.link, requests, retry, fresh)?;
        // A renewal after a refusal is the same request as the refused one, since it starts from the same widget session.
        let login = Login::new(self.link.endpoint.clone(), credential.clone()).options(identity.options.clone());
        let login = login.retry(retry).bypass_cache();
        let exchange = login.start_with_or_widget(widget.clone(), self.link.now())?;
        let session = self.link.drive_counted(exchange, requests);
        match &session {
            Ok(session) => {
                self.credentials.remember_hash_type(active, session.hash_type());
                if let Some(widget) = session.widget() {
                    self.widgets.keep(partner, widget);
                }
            }
            // The flow already tried a fresh widget session; the next login must not start from the refused one again.
            Err(error) if is_widget_suspect(error) => self.widgets.forget(&widget),
            Err(_) => {}
        }
        let session = Arc::new(session?);
        let term = Term::of(&session);
        Ok(NewSession { session, term, from: Origin::Login })
    }
}

/// Whether another widget session could succeed. A refused hash can be the fault of the widget session too: the hash is over
/// its KS.
pub(super) fn is_widget_suspect(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(_) | KalturaCode::InvalidAppTokenHash))
}

/// Makes the next caller renew the session if this thread panics.
struct PanicGuard<'a>(&'a Identity);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        self.0.clear_cache();
    }
}
