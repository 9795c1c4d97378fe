//! The login: from an app token to a session.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use crate::api::app_token::{SessionOptions, StartSession};
use crate::api::session::{StartWidgetSession, StartedWidgetSession};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::ErrorKind;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::login::credential::Credential;
use crate::login::session::{Grant, Session};
use crate::login::widget::{WidgetSession, needs_new_widget_session};
use crate::value::hash::{HashChoice, HashType};
use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::time::Moment;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// The login: from an app token to a restricted session.
///
/// It is two requests, `session.startWidgetSession` and `appToken.startSession`, or only the second if the caller has a KS to
/// start from. If the server refuses the widget session or the hash, the login tries once more with a widget session that
/// bypasses the server's response cache.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken_core::{AppTokenId, AppTokenSecret, Credential, Endpoint, HashType, Login, Moment, PartnerId, UnixSeconds};
///
/// let credential = Credential::new(
///     PartnerId::new(1234567)?,
///     AppTokenId::parse("1_ab12cd34")?,
///     AppTokenSecret::parse("00112233445566778899aabbccddeeff")?,
///     HashType::Sha256,
/// );
/// let login = Login::new(Endpoint::parse("https://www.kaltura.com")?, credential).lifetime(Duration::from_secs(3600));
/// let exchange = login.start(Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO })?;
/// assert!(exchange.request().url().contains("startWidgetSession"));
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Login {
    endpoint: Endpoint,
    credential: Credential,
    options: SessionOptions,
    retry: RetryPolicy,
    bypass_cache: bool,
}

impl Login {
    /// A login that requests no more than the token gives.
    #[must_use]
    pub fn new(endpoint: Endpoint, credential: Credential) -> Self {
        Self {
            endpoint,
            credential,
            options: SessionOptions::default(),
            retry: RetryPolicy::default(),
            bypass_cache: false,
        }
    }

    /// Requests a session with these options, which replace all options set before.
    #[must_use]
    pub fn options(self, options: SessionOptions) -> Self {
        Self { options, ..self }
    }

    /// Requests a session of this user. It has an effect only if the token does not fix the user.
    #[must_use]
    pub fn user(mut self, user_id: impl Into<String>) -> Self {
        self.options.user_id = Some(user_id.into());
        self
    }

    /// Requests this type of session. It has an effect only if the token does not fix the type.
    #[must_use]
    pub fn session_type(mut self, session_type: SessionType) -> Self {
        self.options.session_type = Some(session_type);
        self
    }

    /// Accepts a session of another user or type than requested; see [`SessionOptions::token_may_override`].
    #[must_use]
    pub fn token_may_override(mut self) -> Self {
        self.options.token_may_override = true;
        self
    }

    /// Requests this lifetime, in whole seconds from 1 s to 10 years. The token limits it.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.options.lifetime = Some(lifetime);
        self
    }

    /// Requests more privileges. The server drops those that only the token can give.
    #[must_use]
    pub fn privileges(mut self, privileges: Privileges) -> Self {
        self.options.privileges = Some(privileges);
        self
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
    /// [`ErrorKind::InvalidInput`] if an option cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let (prepared, machine) = self.first(now)?;
        Ok(Exchange::start(machine, prepared, now))
    }

    pub(super) fn first(self, now: Moment) -> Result<(PreparedRequest, LoginMachine), Error> {
        self.options.check()?;
        // Detection retries nothing, so a widget session that expired in the server's response cache would end it.
        let fresh = self.credential.hash == HashChoice::Detect;
        let fallback = if fresh { Fallback::Never } else { Fallback::Once };
        let mut machine = LoginMachine::new(self, fallback);
        let prepared = machine.request_widget_session(fresh, now)?;
        Ok((prepared, machine))
    }

    /// Starts from this KS: a widget KS, or any other KS of the account. Never requests a widget session.
    ///
    /// # Errors
    ///
    /// Like [`start`](Self::start).
    pub fn start_with(self, ks: Ks, now: Moment) -> Result<Exchange<Self>, Error> {
        self.start_from(ks, Fallback::Never, now)
    }

    /// Starts from this KS. If the server refuses it or the hash, continues with a new widget session.
    ///
    /// # Errors
    ///
    /// Like [`start`](Self::start).
    pub fn start_with_or_widget(self, ks: Ks, now: Moment) -> Result<Exchange<Self>, Error> {
        self.start_from(ks, Fallback::Once, now)
    }

    fn start_from(self, ks: Ks, fallback: Fallback, now: Moment) -> Result<Exchange<Self>, Error> {
        self.options.check()?;
        let mut machine = LoginMachine::new(self, fallback);
        let prepared = machine.request_session(Source { ks, widget_since: None, fresh: false }, now)?;
        Ok(Exchange::start(machine, prepared, now))
    }
}

impl Flow for Login {
    type Output = Session;
    type Progress = ();
    type Machine = LoginMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller can have one")]
pub struct LoginMachine {
    /// In a box, because each step moves the exchange.
    login: Box<Login>,
    stage: Stage,
    fallback: Fallback,
    /// The hash types to try after the present one.
    untried: &'static [HashType],
    hash_type: HashType,
}

enum Stage {
    /// `session.startWidgetSession` is under way.
    Widget { fresh: bool },
    /// `appToken.startSession` is under way.
    Session(Source),
}

/// The KS that the hash is computed over.
#[derive(Clone)]
struct Source {
    ks: Ks,
    /// When this login obtained it, if it is this login's widget session.
    widget_since: Option<Moment>,
    /// Whether it certainly does not come from the response cache.
    fresh: bool,
}

/// Whether a refused KS or hash leads to a new widget session.
#[derive(Clone, Copy)]
enum Fallback {
    Never,
    Once,
}

impl LoginMachine {
    fn new(login: Login, fallback: Fallback) -> Self {
        let (hash_type, untried): (HashType, &'static [HashType]) =
            match (login.credential.hash, HashType::ALL.split_first()) {
                (HashChoice::Known(hash_type), _) => (hash_type, &[]),
                (HashChoice::Detect, Some((first, rest))) => (*first, rest),
                (HashChoice::Detect, None) => (HashType::Sha256, &[]),
            };
        // Detection sends each hash type once, so that it costs at most five requests.
        let login = if login.credential.hash == HashChoice::Detect { login.retry(RetryPolicy::none()) } else { login };
        Self { login: Box::new(login), stage: Stage::Widget { fresh: false }, fallback, untried, hash_type }
    }

    fn request_widget_session(&mut self, fresh: bool, now: Moment) -> Result<PreparedRequest, Error> {
        let action = StartWidgetSession::of(self.login.credential.partner);
        let common = Common { ks: None, nocache: fresh.then(|| Nocache::new(now)) };
        self.stage = Stage::Widget { fresh };
        PreparedRequest::new(&self.login.endpoint, &action, common)
    }

    fn request_session(&mut self, source: Source, now: Moment) -> Result<PreparedRequest, Error> {
        let Credential { id, token, .. } = &self.login.credential;
        let action = StartSession {
            id: id.clone(),
            token_hash: self.hash_type.token_hash(&source.ks, token),
            options: self.login.options.clone(),
        };
        // The server caches an error for a widget KS under a key without the KS. A second attempt with a new widget session
        // would get the cached error of the first (observed on release Venus-22.19.0), so it bypasses the cache.
        let bypass_cache = source.fresh || self.login.bypass_cache;
        let common = Common { ks: Some(&source.ks), nocache: bypass_cache.then(|| Nocache::new(now)) };
        let prepared = PreparedRequest::new(&self.login.endpoint, &action, common);
        self.stage = Stage::Session(source);
        prepared
    }

    fn take_widget_session(
        &mut self,
        fresh: bool,
        reply: &CheckedReply<'_>,
        now: Moment,
    ) -> Result<Transition<Session>, Error> {
        let started: StartedWidgetSession = reply.parse()?;
        if !self.is_right_partner(started.partner_id) {
            return Ok(Transition::Stop(Error::new(ErrorKind::WrongPartner).answered_by(reply), ()));
        }
        Ok(self.request_session(Source { ks: started.ks, widget_since: Some(now), fresh }, now).into())
    }

    fn take_session(&mut self, reply: &CheckedReply<'_>, now: Moment) -> Result<Transition<Session>, Error> {
        let started = reply.parse()?;
        let grant = Grant {
            started,
            hash_type: self.hash_type,
            server_time: reply.server_time(),
            sent_at: reply.sent_at(),
            obtained_at: now,
        };
        Ok(match Session::from_grant(grant, &self.login.credential, &self.login.options) {
            Ok(mut session) => {
                session.set_widget(self.give_widget_session());
                Transition::Done(session)
            }
            Err(error) => Transition::Stop(error.answered_by(reply), ()),
        })
    }

    /// Gives away the widget session that this login obtained. The login is complete, so its stage does not matter any more.
    fn give_widget_session(&mut self) -> Option<WidgetSession> {
        match core::mem::replace(&mut self.stage, Stage::Widget { fresh: false }) {
            Stage::Session(Source { ks, widget_since, fresh }) => {
                widget_since.map(|obtained_at| WidgetSession { ks, obtained_at, fresh })
            }
            Stage::Widget { .. } => None,
        }
    }

    fn is_right_partner(&self, partner_id: i64) -> bool {
        partner_id == i64::from(self.login.credential.partner.get())
    }

    /// Adds advice to the error of a hash that was finally refused.
    fn explain(&self, error: Error) -> Error {
        match self.login.credential.hash {
            _ if error.kind() != ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash) => error,
            HashChoice::Known(hash_type) => error.advise(format!(
                "check the token's value (no line break, not the id), and that the token's hashType is {hash_type}, which was used; with the hash type `detect`, the login finds it"
            )),
            HashChoice::Detect => error.advise("check the token's value (no line break, not the id): it does not match this token id with any hash type"),
        }
    }
}

impl Machine for LoginMachine {
    type Output = Session;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.login.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, now: Moment) -> Result<Transition<Session>, Error> {
        match &self.stage {
            Stage::Widget { fresh } => self.take_widget_session(*fresh, reply, now),
            Stage::Session(_) => self.take_session(reply, now),
        }
    }

    fn refuse(&mut self, error: Error, now: Moment) -> Transition<Session> {
        let Stage::Session(source) = &self.stage else {
            return Transition::Stop(error, ());
        };
        let source = source.clone();
        let hash_refused = error.kind() == ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash);
        match (self.untried.split_first(), self.fallback) {
            (Some((next, rest)), _) if hash_refused => {
                (self.hash_type, self.untried) = (*next, rest);
                self.request_session(source, now).into()
            }
            (_, Fallback::Once)
                if self.login.credential.hash != HashChoice::Detect && needs_new_widget_session(&error) =>
            {
                // Once: a second refusal in spite of a new widget session is the fault of the token.
                self.fallback = Fallback::Never;
                self.request_widget_session(true, now).into()
            }
            _ => Transition::Stop(self.explain(error), ()),
        }
    }
}
