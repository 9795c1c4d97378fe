use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use apptoken_core::login::renewal::Term;
use apptoken_core::{Error, HashChoice, LoginMany, Session, SessionOptions};

use super::Provider;
use super::credentials::{ActiveCredential, is_token_refused};
use super::identity::{Identity, SessionResult};
use super::shared::Shared;
use crate::events::Event;

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
    /// ones stay in it. The store is neither read nor written.
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
        let requests = Cell::new(0);
        let answers = shared.log_in_many(&identities, &self.identity.options, &requests);
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        shared.report(&Event::ManySessionsStarted {
            started: answers.len().saturating_sub(failed),
            failed,
            duration: shared.link.now().elapsed.saturating_sub(begun.elapsed),
            requests: requests.get(),
        });
        identities.into_iter().zip(answers).collect()
    }
}

impl Shared {
    /// Logs all users in. Those whose app token was refused are retried once, if the source has another token by now.
    fn log_in_many(
        &self,
        identities: &[Arc<Identity>],
        options: &SessionOptions,
        requests: &Cell<u32>,
    ) -> Vec<SessionResult> {
        let active = match self.current_credential() {
            Ok(active) => active,
            Err(error) => return vec![Err(error); identities.len()],
        };
        let mut answers = self.log_in_many_with(&active, identities, options, requests);
        if answers.iter().any(|answer| answer.as_ref().is_err_and(is_token_refused))
            && let Some(next) = self.credentials.after_refusal(&active)
        {
            let refused =
                identities.iter().zip(&mut answers).filter(|(_, answer)| answer.as_ref().is_err_and(is_token_refused));
            let (identities, places): (Vec<_>, Vec<_>) =
                refused.map(|(identity, answer)| (Arc::clone(identity), answer)).unzip();
            let again = self.log_in_many_with(&next, &identities, options, requests);
            places.into_iter().zip(again).for_each(|(place, answer)| *place = answer);
        }
        answers
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
            let widget = self.widgets.of(credential.partner, &self.link, requests, false)?;
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
