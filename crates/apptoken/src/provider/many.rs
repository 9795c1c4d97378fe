use std::collections::HashMap;
use std::sync::Arc;

use apptoken_core::app_token::StartSession;
use apptoken_core::renewal::Term;
use apptoken_core::{Batch, Error, Grant, HashChoice, HashType, Ks, Session, Ticket, drive};

use super::Provider;
use super::credentials::{Held, is_token_refused};
use super::identity::{Answer, Identity};
use super::metered::Metered;
use super::renew::is_widget_suspect;
use super::shared::Shared;
use super::widget::Ask;
use crate::Event;

/// What [`Provider::start_many`] got for a user.
#[derive(Clone, Debug)]
pub struct UserSession {
    /// The user that was asked for.
    pub user_id: String,
    /// His session, or why there is none.
    pub session: Result<Arc<Session>, Error>,
}

impl Provider {
    /// Sessions of many users, started with few requests: one for each 100 users by default, and one for a widget session
    /// if none is at hand.
    ///
    /// Everything but the user is asked as this provider asks it. The result has each user once, in the order given. Users
    /// whose session is there and young get that one. The others are remembered, so that
    /// [`for_user`](Self::for_user) finds them; of more users than are remembered (1000 by default) those at the end are.
    /// A store is not asked, and keeps none of them.
    ///
    /// The app token must leave the user open: if it fixes one, every session is of that user, as
    /// [`Session::changes`] tells.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "ureq")] {
    /// use apptoken::{Provider, UserSession};
    ///
    /// let provider = Provider::from_env()?;
    /// for UserSession { user_id, session } in provider.start_many(["alice", "bob"]) {
    ///     match session {
    ///         Ok(session) => println!("{user_id}: good until {}", session.expires_at()),
    ///         Err(error) => println!("{user_id}: {error}"),
    ///     }
    /// }
    /// # }
    /// # Ok::<(), apptoken::Error>(())
    /// ```
    pub fn start_many<U: Into<String>>(&self, users: impl IntoIterator<Item = U>) -> Vec<UserSession> {
        let clock = &*self.shared.clock;
        let mut order = Vec::new();
        let mut answers: HashMap<String, Option<Answer>> = HashMap::new();
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
            match identity.cached(clock.now()) {
                Some(session) => drop(answers.insert(user.clone(), Some(Ok(session)))),
                None => missing.push(identity),
            }
        }
        for (identity, answer) in self.start_all(missing) {
            answers.insert(identity.options.user_id.clone().unwrap_or_default(), Some(answer));
        }
        let told = order.into_iter().filter_map(|user_id| {
            let session = answers.remove(&user_id).flatten()?;
            Some(UserSession { user_id, session })
        });
        told.collect()
    }

    fn start_all(&self, identities: Vec<Arc<Identity>>) -> Vec<(Arc<Identity>, Answer)> {
        if identities.is_empty() {
            return Vec::new();
        }
        let shared = &*self.shared;
        let begun = shared.clock.now();
        let round = Round { shared, meter: Metered::new(&*shared.transport, &*shared.clock) };
        let answers =
            round.start(identities, |first| Self { shared: Arc::clone(&self.shared), identity: first }.session());
        let failed = answers.iter().filter(|(_, answer)| answer.is_err()).count();
        shared.tell(&Event::ManyStarted {
            started: answers.len().saturating_sub(failed),
            failed,
            duration: shared.clock.now().elapsed.saturating_sub(begun.elapsed),
            requests: round.meter.requests(),
        });
        answers
    }
}

struct Round<'a> {
    shared: &'a Shared,
    meter: Metered<'a>,
}

/// What the sessions of a batch start from.
struct Base {
    held: Arc<Held>,
    hash_type: HashType,
    widget: Ks,
}

impl Round<'_> {
    /// Starts all, and once more those that failed for a reason that another app token or widget session may cure.
    fn start(
        &self,
        mut identities: Vec<Arc<Identity>>,
        log_in: impl FnOnce(Arc<Identity>) -> Answer,
    ) -> Vec<(Arc<Identity>, Answer)> {
        let mut answers = Vec::with_capacity(identities.len());
        let held = match self.shared.credentials.current() {
            // One login finds the hash type for all.
            Ok(held) if held.used.hash == HashChoice::Detect => {
                let first = identities.remove(0);
                let answer = log_in(Arc::clone(&first));
                let failure = answer.as_ref().err().cloned();
                answers.push((first, answer));
                match failure {
                    Some(error) => Err(error),
                    None => self.shared.credentials.current(),
                }
            }
            held => held,
        };
        let base = match held.and_then(|held| self.base(held, false)) {
            Ok(base) => base,
            Err(error) => {
                answers.extend(refuse(identities, &error));
                return answers;
            }
        };
        let (doubtful, done): (Vec<_>, Vec<_>) =
            self.start_from(&base, identities).into_iter().partition(|(_, answer)| is_curable(answer));
        answers.extend(done);
        answers.extend(self.once_more(&base, doubtful));
        answers
    }

    fn once_more(&self, base: &Base, doubtful: Vec<(Arc<Identity>, Answer)>) -> Vec<(Arc<Identity>, Answer)> {
        if doubtful.is_empty() {
            return doubtful;
        }
        self.shared.widgets.forget(&base.widget);
        let token_refused = doubtful.iter().any(|(_, answer)| answer.as_ref().is_err_and(is_token_refused));
        let next = if token_refused { self.shared.credentials.after_refusal(&base.held) } else { None };
        match self.base(next.unwrap_or_else(|| Arc::clone(&base.held)), true) {
            Ok(base) => self.start_from(&base, doubtful.into_iter().map(|(identity, _)| identity).collect()),
            Err(_) => doubtful,
        }
    }

    fn base(&self, held: Arc<Held>, fresh: bool) -> Result<Base, Error> {
        let HashChoice::Known(hash_type) = held.used.hash else {
            return Err(Error::invalid_input("the app token's hash type is not known: log in once first"));
        };
        let shared = self.shared;
        let ask = Ask { endpoint: &shared.endpoint, retry: shared.retry, meter: &self.meter, clock: &*shared.clock };
        let widget = shared.widgets.of(held.used.partner, &ask, fresh)?;
        Ok(Base { held, hash_type, widget })
    }

    fn start_from(&self, base: &Base, mut identities: Vec<Arc<Identity>>) -> Vec<(Arc<Identity>, Answer)> {
        let mut answers = Vec::with_capacity(identities.len());
        while !identities.is_empty() {
            let rest = identities.split_off(identities.len().min(self.shared.batch_size.get()));
            match self.start_batch(base, &identities) {
                Ok(started) => answers.extend(identities.into_iter().zip(started)),
                Err(error) => {
                    answers.extend(refuse(identities.into_iter().chain(rest), &error));
                    return answers;
                }
            }
            identities = rest;
        }
        answers
    }

    /// One request; an error is that of the request.
    fn start_batch(&self, base: &Base, identities: &[Arc<Identity>]) -> Result<Vec<Answer>, Error> {
        let shared = self.shared;
        let credential = &base.held.used;
        let token_hash = base.hash_type.token_hash(&base.widget, &credential.token);
        let mut batch = Batch::new(shared.endpoint.clone()).with_ks(base.widget.clone()).retry(shared.retry);
        let mut tickets = Vec::with_capacity(identities.len());
        for identity in identities {
            let (id, token_hash, options) = (credential.id.clone(), token_hash.clone(), identity.options.clone());
            tickets.push(options.check().and_then(|()| batch.push(&StartSession { id, token_hash, options })));
        }
        let mut results = if batch.is_empty() {
            None
        } else {
            Some(drive(batch.start(shared.clock.now())?, &self.meter, &*shared.clock).map_err(Error::from)?)
        };
        let now = shared.clock.now();
        let mut take = |identity: &Identity, ticket: Result<Ticket<StartSession>, Error>| -> Result<_, Error> {
            let ticket = ticket?;
            let results = results.as_mut().ok_or_else(|| Error::invalid_input("nothing was sent"))?;
            let (started, server_time) = (results.take(ticket)?, results.server_time());
            let grant = Grant { started, hash_type: base.hash_type, server_time, obtained_at: now };
            Session::granted(grant, credential, &identity.options).map(Arc::new)
        };
        let answers = identities.iter().zip(tickets).map(|(identity, ticket)| {
            let session = take(identity, ticket)?;
            let term = Term::of(&session, self.meter.sent_at());
            identity.flight.with(|state, _| identity.renewed(state, Arc::clone(&session), term, now));
            Ok(session)
        });
        Ok(answers.collect())
    }
}

fn refuse(
    identities: impl IntoIterator<Item = Arc<Identity>>,
    error: &Error,
) -> impl Iterator<Item = (Arc<Identity>, Answer)> {
    identities.into_iter().map(|identity| (identity, Err(error.clone())))
}

/// Whether another app token or widget session may do.
fn is_curable(answer: &Answer) -> bool {
    answer.as_ref().is_err_and(|error| is_token_refused(error) || is_widget_suspect(error))
}
