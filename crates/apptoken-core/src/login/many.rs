//! The login of many users with one app token, in batches.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

use crate::api::app_token::{SessionOptions, StartSession};
use crate::api::session::{StartWidgetSession, StartedWidgetSession};
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::exchange::batch::{Batch, BatchReader, BatchResults, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::login::credential::Credential;
use crate::login::session::{Grant, Session};
use crate::login::single::{Login, LoginMachine};
use crate::login::widget::{WidgetSession, needs_new_widget_session};
use crate::value::hash::{HashChoice, HashType};
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// The login of many users with one app token that leaves the user open.
///
/// It is one request for a widget session, unless the caller has one, and one `multirequest` of `appToken.startSession` for
/// each 100 users. Users that are refused for a reason that a new widget session could fix are retried once with a new one. If
/// the hash type is to be detected, a [`Login`] of the first user detects it.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Credential, Endpoint, Error, Exchange, LoginMany, Moment};
///
/// fn start(endpoint: Endpoint, credential: Credential, now: Moment) -> Result<Exchange<LoginMany>, Error> {
///     LoginMany::new(endpoint, credential, ["alice", "bob"]).start(now)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct LoginMany {
    endpoint: Endpoint,
    credential: Credential,
    options: SessionOptions,
    users: Vec<String>,
    batch_size: NonZeroUsize,
    retry: RetryPolicy,
    bypass_cache: bool,
}

/// The default number of sessions in one request. The reply with 100 sessions has about 60 KiB.
const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// The result of [`LoginMany`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManySessions {
    /// For each user, in the given order, the session or the error.
    pub sessions: Vec<Result<Session, Error>>,
    /// The widget session that was used last, if the flow obtained it itself.
    pub widget: Option<WidgetSession>,
}

impl LoginMany {
    /// A login of these users that requests no more than the token gives.
    #[must_use]
    pub fn new<U: Into<String>>(
        endpoint: Endpoint,
        credential: Credential,
        users: impl IntoIterator<Item = U>,
    ) -> Self {
        let users = users.into_iter().map(Into::into).collect();
        Self {
            endpoint,
            credential,
            options: SessionOptions::default(),
            users,
            batch_size: BATCH_SIZE,
            retry: RetryPolicy::default(),
            bypass_cache: false,
        }
    }

    /// Requests sessions with these options, except for the user.
    #[must_use]
    pub fn options(self, options: SessionOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets how many sessions are requested at once; 100 by default.
    #[must_use]
    pub fn batch_size(self, batch_size: NonZeroUsize) -> Self {
        Self { batch_size, ..self }
    }

    /// Sets when a request is retried. While the hash type is detected, nothing is retried.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Makes the server bypass its response cache for `appToken.startSession`. Use it for a login that repeats a refused one
    /// with the same widget session: for 120 s the server repeats its error, even if the app token is all right by then.
    #[must_use]
    pub fn bypass_cache(self) -> Self {
        Self { bypass_cache: true, ..self }
    }

    /// Starts the login by requesting a widget session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if there is no user whose session can be requested.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        LoginManyMachine::start(self, None, now)
    }

    /// Starts from this widget KS. If the server refuses it, continues with a new one.
    ///
    /// # Errors
    ///
    /// Like [`start`](Self::start).
    pub fn start_with_or_widget(self, ks: Ks, now: Moment) -> Result<Exchange<Self>, Error> {
        LoginManyMachine::start(self, Some(ks), now)
    }

    fn options_of(&self, user: usize) -> SessionOptions {
        SessionOptions { user_id: self.users.get(user).cloned(), ..self.options.clone() }
    }
}

impl Flow for LoginMany {
    type Output = ManySessions;
    type Progress = ();
    type Machine = LoginManyMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller can have one")]
pub struct LoginManyMachine {
    /// In a box, because each step moves the exchange.
    login: Box<LoginMany>,
    stage: Stage,
    widget: Option<Widget>,
    /// The users whose sessions are still to be requested, as positions in the list of users.
    waiting: VecDeque<usize>,
    /// The users that were refused and are to be retried with a new widget session.
    refused: Vec<usize>,
    sessions: Vec<Option<Result<Session, Error>>>,
}

enum Stage {
    /// The login of the first user, which detects the hash type.
    First(Box<LoginMachine>),
    /// `session.startWidgetSession` is under way.
    Widget { fresh: bool },
    /// A batch of `appToken.startSession` is under way.
    Batch { reader: BatchReader, tickets: Vec<(usize, Ticket<StartSession>)> },
}

/// The widget session that the hash is computed over.
enum Widget {
    Given(Ks),
    Obtained(WidgetSession),
}

impl Widget {
    fn ks(&self) -> &Ks {
        match self {
            Self::Given(ks) => ks,
            Self::Obtained(widget) => &widget.ks,
        }
    }

    /// Whether it certainly does not come from the response cache, so that a new one would be no better.
    fn is_fresh(&self) -> bool {
        matches!(self, Self::Obtained(WidgetSession { fresh: true, .. }))
    }
}

impl LoginManyMachine {
    fn start(login: LoginMany, widget: Option<Ks>, now: Moment) -> Result<Exchange<LoginMany>, Error> {
        let sessions = (0..login.users.len()).map(|user| login.options_of(user).check().err().map(Err));
        let sessions: Vec<Option<Result<Session, Error>>> = sessions.collect();
        let waiting: VecDeque<usize> =
            sessions.iter().enumerate().filter(|(_, session)| session.is_none()).map(|(user, _)| user).collect();
        if waiting.is_empty() {
            let first = sessions.into_iter().flatten().find_map(Result::err);
            return Err(first.unwrap_or_else(|| Error::invalid_input("there is no user to log in")));
        }
        let stage = Stage::Widget { fresh: false };
        let widget = widget.map(Widget::Given);
        let mut machine = Self { login: Box::new(login), stage, widget, waiting, refused: Vec::new(), sessions };
        let prepared = machine.first_request(now)?;
        Ok(Exchange::start(machine, prepared, now))
    }

    fn first_request(&mut self, now: Moment) -> Result<PreparedRequest, Error> {
        match (self.login.credential.hash, self.waiting.front(), &self.widget) {
            (HashChoice::Detect, Some(&first), _) => {
                let LoginMany { endpoint, credential, .. } = &*self.login;
                let login = Login::new(endpoint.clone(), credential.clone()).options(self.login.options_of(first));
                let (prepared, machine) = login.first(now)?;
                self.stage = Stage::First(Box::new(machine));
                Ok(prepared)
            }
            (_, _, None) => self.request_widget_session(false, now),
            (_, _, Some(_)) => self.request_sessions(now),
        }
    }

    fn request_widget_session(&mut self, fresh: bool, now: Moment) -> Result<PreparedRequest, Error> {
        let action = StartWidgetSession::of(self.login.credential.partner);
        let common = Common { ks: None, nocache: fresh.then(|| Nocache::new(now)) };
        self.stage = Stage::Widget { fresh };
        PreparedRequest::new(&self.login.endpoint, &action, common)
    }

    /// Requests the sessions of the next users.
    fn request_sessions(&mut self, now: Moment) -> Result<PreparedRequest, Error> {
        let LoginMany { endpoint, credential, batch_size, bypass_cache, .. } = &*self.login;
        let widget = self.widget.as_ref().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply))?;
        let token_hash = self.hash_type()?.token_hash(widget.ks(), &credential.token);
        let batch = Batch::new(endpoint.clone()).with_ks(widget.ks().clone());
        let mut batch = if *bypass_cache { batch.bypass_cache(now) } else { batch };
        let mut tickets = Vec::new();
        for &user in self.waiting.iter().take(batch_size.get()) {
            let (id, token_hash, options) = (credential.id.clone(), token_hash.clone(), self.login.options_of(user));
            tickets.push((user, batch.push(&StartSession { id, token_hash, options })?));
        }
        let (prepared, reader) = batch.prepare()?;
        self.waiting.drain(..tickets.len());
        self.stage = Stage::Batch { reader, tickets };
        Ok(prepared)
    }

    fn hash_type(&self) -> Result<HashType, Error> {
        match self.login.credential.hash {
            HashChoice::Known(hash_type) => Ok(hash_type),
            HashChoice::Detect => Err(Error::new(ErrorKind::UnexpectedReply)),
        }
    }

    fn take_first(&mut self, transition: Transition<Session>, now: Moment) -> Transition<ManySessions> {
        match transition {
            Transition::Send(prepared) => Transition::Send(prepared),
            Transition::Wait(pause, prepared) => Transition::Wait(pause, prepared),
            Transition::Done(session) => {
                self.login.credential.hash = HashChoice::Known(session.hash_type());
                self.widget = session.widget().cloned().map(Widget::Obtained);
                if let Some(first) = self.waiting.pop_front() {
                    self.set_result(first, Ok(session));
                }
                self.next_request(now)
            }
            Transition::Stop(error, ()) => self.give_up(&error),
        }
    }

    fn take_widget_session(&mut self, fresh: bool, reply: &CheckedReply<'_>, now: Moment) -> Result<(), Error> {
        let started: StartedWidgetSession = reply.parse()?;
        if started.partner_id != i64::from(self.login.credential.partner.get()) {
            return Err(Error::new(ErrorKind::WrongPartner).answered_by(reply));
        }
        self.widget = Some(Widget::Obtained(WidgetSession { ks: started.ks, obtained_at: now, fresh }));
        Ok(())
    }

    fn take_sessions(
        &mut self,
        mut results: BatchResults,
        tickets: Vec<(usize, Ticket<StartSession>)>,
        reply: &CheckedReply<'_>,
        now: Moment,
    ) -> Result<(), Error> {
        let hash_type = self.hash_type()?;
        for (user, ticket) in tickets {
            let session = results.take(ticket).and_then(|started| {
                let (server_time, sent_at) = (reply.server_time(), reply.sent_at());
                let grant = Grant { started, hash_type, server_time, sent_at, obtained_at: now };
                Session::from_grant(grant, &self.login.credential, &self.login.options_of(user))
                    .map_err(|error| error.answered_by(reply))
            });
            // The users of a batch share its widget session, so each of them meets its fault. They are retried together,
            // after the other batches.
            let could_succeed = session.as_ref().is_err_and(needs_new_widget_session);
            if could_succeed && self.widget.as_ref().is_some_and(|widget| !widget.is_fresh()) {
                self.refused.push(user);
            }
            self.set_result(user, session);
        }
        Ok(())
    }

    fn set_result(&mut self, user: usize, session: Result<Session, Error>) {
        if let Some(place) = self.sessions.get_mut(user) {
            *place = Some(session);
        }
    }

    fn next_request(&mut self, now: Moment) -> Transition<ManySessions> {
        if self.waiting.is_empty() && self.refused.is_empty() {
            return self.finish();
        }
        let next = if self.waiting.is_empty() {
            self.waiting = core::mem::take(&mut self.refused).into();
            self.request_widget_session(true, now)
        } else {
            self.request_sessions(now)
        };
        next.map_or_else(|error| self.give_up(&error), Transition::Send)
    }

    /// Ends the flow: users without a result get this error, the others keep their result.
    fn give_up(&mut self, error: &Error) -> Transition<ManySessions> {
        let tickets = match core::mem::replace(&mut self.stage, Stage::Widget { fresh: true }) {
            Stage::Batch { tickets, .. } => tickets,
            Stage::First(_) | Stage::Widget { .. } => Vec::new(),
        };
        let requested = tickets.into_iter().map(|(user, _)| user);
        for user in requested.chain(core::mem::take(&mut self.waiting)) {
            if let Some(place) = self.sessions.get_mut(user) {
                place.get_or_insert_with(|| Err(error.clone()));
            }
        }
        self.finish()
    }

    fn finish(&mut self) -> Transition<ManySessions> {
        let missing = || Err(Error::new(ErrorKind::MissingResult));
        let sessions = core::mem::take(&mut self.sessions);
        let widget = match self.widget.take() {
            Some(Widget::Obtained(widget)) => Some(widget),
            Some(Widget::Given(_)) | None => None,
        };
        let sessions = sessions.into_iter().map(|session| session.unwrap_or_else(missing)).collect();
        Transition::Done(ManySessions { sessions, widget })
    }
}

impl Machine for LoginManyMachine {
    type Output = ManySessions;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        match &self.stage {
            Stage::First(login) => login.policy(),
            Stage::Widget { .. } | Stage::Batch { .. } => &self.login.retry,
        }
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, now: Moment) -> Result<Transition<ManySessions>, Error> {
        match &mut self.stage {
            Stage::First(login) => {
                let transition = login.accept(reply, now)?;
                return Ok(self.take_first(transition, now));
            }
            Stage::Widget { fresh } => {
                let fresh = *fresh;
                self.take_widget_session(fresh, reply, now)?;
            }
            Stage::Batch { reader, tickets } => {
                let results = reader.read(reply)?;
                let tickets = core::mem::take(tickets);
                self.take_sessions(results, tickets, reply, now)?;
            }
        }
        Ok(self.next_request(now))
    }

    fn refuse(&mut self, error: Error, now: Moment) -> Transition<ManySessions> {
        if let Stage::First(login) = &mut self.stage {
            let transition = login.refuse(error, now);
            return self.take_first(transition, now);
        }
        self.give_up(&error)
    }
}
