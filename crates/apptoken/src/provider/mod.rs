//! A session that stays alive.

mod builder;
mod credentials;
mod identity;
mod many;
mod refresher;
mod renew;
mod shared;
mod single_flight;
mod widget;
mod within;

use std::fmt;
use std::sync::Arc;

use apptoken_core::login::renewal::{Invalidation, Reason};
use apptoken_core::{Error, ErrorKind, KalturaCode, Ks, Session, SessionOptions};

pub use builder::ProviderBuilder;
pub use many::UserSession;
pub use refresher::Refresher;

use self::identity::{Answer, Identity, Todo};
use self::shared::Shared;
use self::single_flight::{Next, Role, no_limit};
use crate::events::Event;
use crate::sync;

/// A session that stays alive: ask for it as often as you like, from any thread.
///
/// While the session is young, [`session`](Self::session) costs no lock and no request. When its end comes near, one
/// caller renews it with one request while the others go on with what is valid; only when it can no longer be used do
/// callers wait, all for the same login. When the server cannot be reached, the session that is there is used to its end.
///
/// Cheap to clone: clones share everything. No thread is started unless asked for ([`refresher`](Self::refresher),
/// [`session_within`](Self::session_within)).
///
/// An error goes to all who waited for the same login.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// use apptoken::{Client, Provider};
/// use apptoken::api::session;
///
/// let provider = Provider::from_env()?;
/// let client = Client::from_env()?;
/// let about = provider.with_session(|session| client.call(session.ks(), session::Get::default()))?;
/// println!("{about:?}");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Provider {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
}

impl Provider {
    /// The same provider for sessions of other options: another user, type, lifetime or privileges, as far as the app
    /// token leaves them open.
    ///
    /// Each has its own session and its own renewal; all share the app token, the widget session and the connections. The
    /// provider remembers those used last (1000 by default), and this one as long as it lives.
    #[must_use]
    pub fn with_options(&self, options: SessionOptions) -> Self {
        Self { shared: Arc::clone(&self.shared), identity: self.shared.identity(options) }
    }

    /// The same provider for sessions of this user, with everything else as it is.
    #[must_use]
    pub fn for_user(&self, user_id: impl Into<String>) -> Self {
        let mut options = self.identity.options.clone();
        options.user_id = Some(user_id.into());
        self.with_options(options)
    }

    /// What is asked of the session.
    #[must_use]
    pub fn options(&self) -> &SessionOptions {
        &self.identity.options
    }

    /// The session: the one that is there, or a new one.
    ///
    /// Waits as long as a login takes, which the [`RetryPolicy`](crate::RetryPolicy) and the transport limit. After a
    /// login that failed there is a pause, in which the same error comes at once.
    ///
    /// Code that a login calls, such as an observer or a transport, gets the session that is there from the same provider,
    /// or an error, and never waits for the login that it is part of.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`], if there is no session and none can be had.
    pub fn session(&self) -> Result<Arc<Session>, Error> {
        match self.identity.cached(self.shared.link.now()) {
            Some(session) => Ok(session),
            None => self.decide(),
        }
    }

    fn decide(&self) -> Answer {
        let Self { shared, identity } = self;
        let mut polled = false;
        let role = loop {
            let mut gives_up = false;
            let Ok(role) = identity.flight.join(no_limit, |state, situation| {
                match identity.decide(state, shared.credentials.changes(), shared.link.now(), &situation) {
                    Todo::Take(answer) => Next::Answer(answer),
                    Todo::TryAgain(error, _) => Next::Answer(Err(error)),
                    Todo::GiveUp(error) => {
                        gives_up = true;
                        Next::Answer(Err(error))
                    }
                    Todo::Renew(_, why) => Next::Lead(why),
                }
            });
            if !gives_up || polled {
                break role;
            }
            polled = true;
            shared.credentials.poll(shared.link.now().elapsed);
        };
        match role {
            Role::Answered(answer) => answer,
            Role::Leader(leader, why) => shared.renew(identity, leader, why),
            Role::Reentrant => identity.good_session(shared.link.now()).ok_or_else(reentrant),
        }
    }

    /// Asks the credential source now, and if it has another app token, starts a session with that one now; returns whether
    /// it had. Until the new session is there, callers go on with the old one.
    ///
    /// Without this a new token is used from the next renewal on. Sessions for other options or users of this provider are
    /// renewed when their time comes, with the new token.
    ///
    /// # Errors
    ///
    /// What the source returns, or any [`ErrorKind`] if no session could be started with the new app token. The old session
    /// stays in use as long as it lasts.
    ///
    /// # Examples
    ///
    /// ```
    /// fn on_sighup(provider: &apptoken::Provider) {
    ///     match provider.reload() {
    ///         Ok(true) => eprintln!("the new app token is in use"),
    ///         Ok(false) => eprintln!("the app token is the same"),
    ///         Err(error) => eprintln!("{error:#}"),
    ///     }
    /// }
    /// ```
    pub fn reload(&self) -> Result<bool, Error> {
        let Self { shared, identity } = self;
        let before = shared.credentials.changes();
        shared.credentials.ask()?;
        if shared.credentials.changes() == before {
            return Ok(false);
        }
        let Ok(role) = identity.flight.join(no_limit, |_, situation| match situation.latest {
            Some(latest) => Next::Answer(latest.clone()),
            None => Next::Lead(Reason::CredentialChanged),
        });
        match role {
            Role::Answered(answer) => answer.map(drop)?,
            Role::Leader(leader, why) => shared.renew(identity, leader, why).map(drop)?,
            Role::Reentrant => return Err(reentrant()),
        }
        // The answer is the old session if that is still good: here only the new one will do.
        identity.last_error().map_or(Ok(true), Err)
    }

    /// Drops the session if its KS is this one, for instance because a server refused it. An old KS changes nothing.
    pub fn invalidate(&self, ks: &Ks) {
        self.drop_session(ks, Invalidation::Asked, None);
    }

    /// Takes note that a call with this KS ended with this error, and says whether it is worth to try again with a new
    /// session.
    ///
    /// It is if the KS was refused for a reason that a new session cures: it expired, it was used as often as its
    /// `actionslimit` allows, or it was ended. If the next one is refused again as soon as it was obtained, renewal stops
    /// for a while. For calls of your own; [`with_session`](Self::with_session) does it by itself.
    #[must_use = "says whether to try again"]
    pub fn report(&self, ks: &Ks, error: &Error) -> bool {
        let ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)) = error.kind() else {
            return false;
        };
        let why = Invalidation::Refused(fault);
        if !why.is_cured_by_renewal() {
            return false;
        }
        self.drop_session(ks, why, Some(error));
        true
    }

    fn drop_session(&self, ks: &Ks, why: Invalidation, error: Option<&Error>) {
        let Self { shared, identity } = self;
        if let Some(session) = identity.invalidate(ks, why, error, shared.link.now()) {
            shared.report(&Event::Invalidated { identity: &identity.options, session: &session, why });
        }
    }

    /// Calls `call` with the session, and once more with a new session if the first was refused for a reason that this
    /// cures (see [`report`](Self::report)).
    ///
    /// # Errors
    ///
    /// What the last call ended with, or any [`ErrorKind`] if there is no session and none can be had.
    pub fn with_session<T>(&self, mut call: impl FnMut(&Session) -> Result<T, Error>) -> Result<T, Error> {
        let mut attempt = || -> Result<T, Refused> {
            let session = self.session().map_err(Refused::for_good)?;
            match call(&session) {
                Ok(result) => {
                    self.identity.accepted(&session, &*self.shared.link.clock);
                    Ok(result)
                }
                Err(error) => Err(Refused { cured_by_renewal: self.report(session.ks(), &error), error }),
            }
        };
        match attempt() {
            Err(Refused { cured_by_renewal: true, .. }) => attempt().map_err(|refused| refused.error),
            result => result.map_err(|refused| refused.error),
        }
    }

    /// Starts a thread that renews the session when its time comes, so that no caller ever has to. It stops with the
    /// handle.
    #[must_use = "the thread stops when this is dropped"]
    pub fn refresher(&self) -> Refresher {
        Refresher::start(self.clone())
    }
}

/// Why code that a renewal calls gets no session from the same provider.
fn reentrant() -> Error {
    Error::invalid_input(
        "the provider was asked for a session by code that its own login calls (a transport, an observer, a credential \
         source, a store or a clock): give that code a provider of its own, or none",
    )
}

/// An attempt of [`Provider::with_session`] that failed.
struct Refused {
    error: Error,
    cured_by_renewal: bool,
}

impl Refused {
    fn for_good(error: Error) -> Self {
        Self { error, cured_by_renewal: false }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shared, identity } = self;
        f.debug_struct("Provider")
            .field("endpoint", &shared.link.endpoint)
            .field("options", &identity.options)
            .finish_non_exhaustive()
    }
}
