use std::cell::Cell;
use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use apptoken_core::login::renewal::Term;
use apptoken_core::{Error, HashChoice, LoginMany, Session, SessionOptions};

use super::Provider;
use super::credentials::{ActiveCredential, is_token_refused};
use super::identity::{Identity, SessionResult};
use super::renew::NewSession;
use super::shared::Shared;
use crate::events::Event;
use crate::store::{SessionKey, StoredSession};

/// The result of [`Provider::start_many`] for one user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserSession {
    /// The requested user.
    pub user_id: String,
    /// The session, or why there is none.
    pub session: Result<Arc<Session>, Error>,
}

impl Provider {
    /// Starts sessions for many users with few requests: one for each 100 users by default, and one for a widget session if
    /// the provider has none.
    ///
    /// All other options are those of this provider. The result has each user once, in the order given. A user whose
    /// session is cached and not due for renewal gets that session. The new sessions are cached, so that
    /// [`for_user`](Self::for_user) returns them; if there are more users than the cache holds (1000 by default), the last
    /// ones stay in it.
    ///
    /// If the provider has a [store](crate::ProviderBuilder::store), it is asked once for each batch, and the new sessions of the
    /// batch are stored, without a lock: two programs that start the same user at the same time both log in. After each batch but
    /// the last, [`Event::ManySessionsProgress`] is reported. A program that is stopped can call this again: with a store, the
    /// users of the finished batches need no login. If all logins of a batch fail transiently, the rest is not tried.
    ///
    /// The app token must leave the user open. If it fixes the user, all other users get
    /// [`ErrorKind::WrongSession`](crate::ErrorKind::WrongSession), or with
    /// [`token_may_override`](SessionOptions::token_may_override) a session of the token's user.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "ureq")] {
    /// use apptoken::{Provider, UserSession};
    ///
    /// let provider = Provider::from_env()?;
    /// for UserSession { user_id, session, .. } in provider.start_many(["alice", "bob"]) {
    ///     match session {
    ///         Ok(session) => println!("{user_id:?}: good until {}", session.expires_at()),
    ///         Err(error) => println!("{user_id:?}: {error}"),
    ///     }
    /// }
    /// # }
    /// # Ok::<(), apptoken::Error>(())
    /// ```
    pub fn start_many<U: Into<String>>(&self, users: impl IntoIterator<Item = U>) -> Vec<UserSession> {
        let mut order = Vec::new();
        let mut answers: HashMap<String, Option<SessionResult>> = HashMap::new();
        for user in users {
            let user = user.into();
            answers.entry(user.clone()).or_insert_with(|| {
                order.push(user);
                None
            });
        }
        let mut missing = Vec::new();
        for user in &order {
            let identity = self.for_user(user.as_str()).identity;
            match identity.cached(self.shared.link.now()) {
                Some(session) => drop(answers.insert(user.clone(), Some(Ok(session)))),
                None => missing.push(identity),
            }
        }
        for (identity, answer) in self.start_all(missing) {
            answers.insert(identity.options.user_id.clone().unwrap_or_default(), Some(answer));
        }
        let sessions = order.into_iter().filter_map(|user_id| {
            let session = answers.remove(&user_id).flatten()?;
            Some(UserSession { user_id, session })
        });
        sessions.collect()
    }

    fn start_all(&self, identities: Vec<Arc<Identity>>) -> Vec<(Arc<Identity>, SessionResult)> {
        if identities.is_empty() {
            return Vec::new();
        }
        let shared = &*self.shared;
        let begun = shared.link.now();
        let counts = Counts::default();
        let mut answers: Vec<SessionResult> = Vec::with_capacity(identities.len());
        for batch in identities.chunks(shared.batch_size.get()) {
            let obtained = shared.obtain_many(batch, &self.identity.options, &counts);
            let outage = obtained.iter().all(|answer| answer.as_ref().is_err_and(Error::is_transient));
            answers.extend(obtained);
            // The retries of the batch failed, so those of the next batch would too, and each takes its time.
            if let (true, Some(Err(error))) = (outage, answers.last()) {
                let error = error.clone();
                answers.resize_with(identities.len(), || Err(error.clone()));
            }
            if answers.len() == identities.len() {
                break;
            }
            shared.report(&Event::ManySessionsProgress { done: answers.len(), total: identities.len() });
        }
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        let from_store = counts.from_store.get();
        shared.report(&Event::ManySessionsStarted {
            started: answers.len().saturating_sub(failed).saturating_sub(from_store),
            from_store,
            failed,
            duration: shared.link.now().elapsed.saturating_sub(begun.elapsed),
            requests: counts.requests.get(),
        });
        identities.into_iter().zip(answers).collect()
    }
}

/// What is counted over all batches.
#[derive(Default)]
struct Counts {
    requests: Cell<u32>,
    from_store: Cell<usize>,
}

impl Shared {
    /// Obtains the sessions of a batch. Those whose app token was refused are retried once, if the source has another token by
    /// now.
    fn obtain_many(
        &self,
        identities: &[Arc<Identity>],
        options: &SessionOptions,
        counts: &Counts,
    ) -> Vec<SessionResult> {
        let active = match self.current_credential() {
            Ok(active) => active,
            Err(error) => return vec![Err(error); identities.len()],
        };
        let mut answers = self.obtain_many_with(&active, identities, options, counts);
        if answers.iter().any(|answer| answer.as_ref().is_err_and(is_token_refused))
            && let Some(next) = self.credentials.after_refusal(&active)
        {
            let refused =
                identities.iter().zip(&mut answers).filter(|(_, answer)| answer.as_ref().is_err_and(is_token_refused));
            let (identities, places): (Vec<_>, Vec<_>) =
                refused.map(|(identity, answer)| (Arc::clone(identity), answer)).unzip();
            let again = self.obtain_many_with(&next, &identities, options, counts);
            places.into_iter().zip(again).for_each(|(place, answer)| *place = answer);
        }
        answers
    }

    /// Takes the sessions from the store, and logs in and stores those that are missing there.
    fn obtain_many_with(
        &self,
        active: &Arc<ActiveCredential>,
        identities: &[Arc<Identity>],
        options: &SessionOptions,
        counts: &Counts,
    ) -> Vec<SessionResult> {
        let requests = &counts.requests;
        let Some(store) = &self.store else {
            return self.log_in_many_with(active, identities, options, requests);
        };
        let keys: Vec<SessionKey> = identities.iter().map(|identity| self.key(identity, active)).collect();
        let mut obtained = None;
        let written = store.renew_many(&keys, &mut |stored| {
            let stored = identities.iter().zip(&keys).zip(stored.into_iter().chain(iter::repeat(None)));
            let mut answers: Vec<Option<SessionResult>> =
                stored.map(|((identity, key), stored)| self.take_stored(identity, active, key, stored)).collect();
            counts.from_store.update(|count| count + answers.iter().flatten().count());
            let missing = identities.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
            let missing: Vec<Arc<Identity>> = missing.map(|(identity, _)| Arc::clone(identity)).collect();
            let started = if missing.is_empty() {
                Vec::new()
            } else {
                self.log_in_many_with(active, &missing, options, requests)
            };
            let widget = self.widgets.current(active.used.partner);
            let mut started = started.into_iter();
            let to_store = keys.iter().zip(&mut answers).map(|(key, answer)| {
                if answer.is_some() {
                    return None;
                }
                let session = answer.insert(started.next()?).as_ref().ok()?;
                Some(StoredSession::with_widget(key, &active.used.token, session, widget.as_ref()))
            });
            let to_store = to_store.collect();
            obtained = Some(answers.into_iter().flatten().collect());
            to_store
        });
        if let Err(error) = written.and_then(|()| store.remove_ended(self.link.now().wall)) {
            self.report(&Event::StoreFailed { error: &error });
        }
        obtained.unwrap_or_else(|| self.log_in_many_with(active, identities, options, requests))
    }

    /// The session of a user from the store, if it can be used.
    fn take_stored(
        &self,
        identity: &Identity,
        active: &Arc<ActiveCredential>,
        key: &SessionKey,
        stored: Option<StoredSession>,
    ) -> Option<SessionResult> {
        let stored = stored?;
        let (partner, now) = (active.used.partner, self.link.now());
        // The users of a later batch may need a login, which can start from it.
        if self.widgets.current(partner).is_none()
            && let Ok(Some(widget)) = stored.widget(key, &active.used, now)
        {
            self.widgets.offer(partner, widget, now);
        }
        match self.accept(identity, active, key, &stored) {
            Ok(Some(NewSession { session, term, .. })) => {
                identity
                    .flight
                    .change(|state| identity.record_renewal(state, Arc::clone(&session), term, active.number, now));
                Some(Ok(session))
            }
            Ok(None) => None,
            Err(error) => {
                self.report(&Event::StoreFailed { error: &error });
                None
            }
        }
    }

    fn log_in_many_with(
        &self,
        active: &Arc<ActiveCredential>,
        identities: &[Arc<Identity>],
        options: &SessionOptions,
        requests: &Cell<u32>,
    ) -> Vec<SessionResult> {
        match self.try_log_in_many(active, identities, options, requests) {
            Ok(sessions) => sessions,
            Err(error) => vec![Err(error); identities.len()],
        }
    }

    fn try_log_in_many(
        &self,
        active: &Arc<ActiveCredential>,
        identities: &[Arc<Identity>],
        options: &SessionOptions,
        requests: &Cell<u32>,
    ) -> Result<Vec<SessionResult>, Error> {
        let credential = &active.used;
        let users = identities.iter().map(|identity| identity.options.user_id.clone().unwrap_or_default());
        let login = LoginMany::new(self.link.endpoint.clone(), credential.clone(), users)
            .options(options.clone())
            .batch_size(self.batch_size)
            .retry(self.link.retry())
            .bypass_cache();
        let exchange = if credential.hash == HashChoice::Detect {
            login.start(self.link.now())?
        } else {
            let widget = self.widgets.of(credential.partner, &self.link, requests, self.link.retry(), false)?;
            login.start_with_or_widget(widget, self.link.now())?
        };
        let many = self.link.drive_counted(exchange, requests)?;
        if let Some(widget) = &many.widget {
            self.widgets.keep(credential.partner, widget);
        }
        let now = self.link.now();
        let answers = identities.iter().zip(many.sessions).map(|(identity, session)| {
            let session = Arc::new(session?);
            self.credentials.remember_hash_type(active, session.hash_type());
            let term = Term::of(&session);
            identity
                .flight
                .change(|state| identity.record_renewal(state, Arc::clone(&session), term, active.number, now));
            Ok(session)
        });
        Ok(answers.collect())
    }
}
