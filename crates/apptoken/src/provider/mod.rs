//! A session that is kept valid.

mod builder;
mod call;
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
pub use call::LeasedSession;
pub use many::UserSession;
pub use refresher::Refresher;

use self::identity::{Identity, SessionResult, Step};
use self::shared::Shared;
use self::single_flight::{Next, Role};
use crate::events::Event;
use crate::link::stopped;
use crate::sync;

/// Keeps a session valid. Call [`session`](Self::session) for each use, from any thread.
///
/// While the session is fresh, [`session`](Self::session) costs no lock and no request. In the refresh window before its
/// end, one caller renews it with one request while the others still get the valid session. Callers wait only when it can
/// no longer be used, and then all for the same login, whose error goes to all of them. If the server cannot be reached,
/// the session is used until it expires.
///
/// The child of a fork can use its parent's provider. It has the same session, waits for no login of its parent, and renews the
/// session at another time. A [`refresher`](Self::refresher) is in the parent only. The caller's code (a transport, an observer, a
/// source, a store or a clock) must be usable after a fork too: a lock that another thread held during the fork stays locked in
/// the child. A child that has the process id of its parent, in its own PID namespace, is not recognised.
///
/// A provider is cheap to clone: clones share everything. It starts no thread, except in [`refresher`](Self::refresher) and
/// [`session_within`](Self::session_within).
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// let provider = apptoken::Provider::from_env()?;
/// let me = provider.call(apptoken::api::user::Get::default())?;
/// println!("{}", me.id);
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone)]
pub struct Provider {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
}

impl Provider {
    /// A provider for sessions with other options: another user, type, lifetime or privileges, as far as the app token
    /// leaves them open.
    ///
    /// Each set of options is an identity with its own session and renewal; all identities share the app token, the widget
    /// session and the connections. The identities used last are cached (1000 by default); one that a `Provider` value
    /// refers to stays in any case.
    #[must_use]
    pub fn with_options(&self, options: SessionOptions) -> Self {
        Self { shared: Arc::clone(&self.shared), identity: self.shared.identity(options) }
    }

    /// A provider for sessions of this user, with all other options unchanged.
    #[must_use]
    pub fn for_user(&self, user_id: impl Into<String>) -> Self {
        let mut options = self.identity.options.clone();
        options.user_id = Some(user_id.into());
        self.with_options(options)
    }

    /// What is requested of the session.
    #[must_use]
    pub fn options(&self) -> &SessionOptions {
        &self.identity.options
    }

    /// Returns a valid session: the cached one, or a new one.
    ///
    /// It waits while a login runs, for a time that the [`RetryPolicy`](crate::RetryPolicy) and the transport limit. After a
    /// failed login there is a pause, during which calls return the same error at once.
    ///
    /// Code that a login calls, such as an observer or a transport, can call the same provider. It gets the present session
    /// or an error, and never waits for the login that it is part of.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`], if there is no valid session and no new one can be started.
    pub fn session(&self) -> Result<Arc<Session>, Error> {
        match self.identity.cached(self.shared.link.now()) {
            Some(session) => Ok(session),
            None if self.shared.link.is_stopped() => self.session_after_stop(),
            None => self.decide(),
        }
    }

    fn session_after_stop(&self) -> SessionResult {
        let error = || Err(stopped().into());
        self.identity.valid_session(self.shared.link.now()).map_or_else(error, Ok)
    }

    fn decide(&self) -> SessionResult {
        let Self { shared, identity } = self;
        let mut polled = false;
        let role = loop {
            let mut gives_up = false;
            let look = || ((shared.credentials.changes(), shared.link.now()), shared.link.longest_wait());
            let role = identity.flight.join(look, |state, situation, (changes, now)| {
                match identity.decide(state, changes, now, &situation) {
                    Step::Return(answer) => Next::Answer(answer),
                    Step::RetryAt(error, _) => Next::Answer(Err(error)),
                    Step::GiveUp(error) => {
                        gives_up = true;
                        Next::Answer(Err(error))
                    }
                    Step::Renew(_, why) => Next::Lead(why),
                }
            })?;
            if !gives_up || polled {
                break role;
            }
            // Outside of `join`, because the source is the caller's code and must not run under the lock. Once per call: an
            // unchanged token leads to the same decision.
            polled = true;
            shared.credentials.poll(shared.link.now().elapsed);
        };
        match role {
            Role::Answered(answer) => answer,
            Role::Leader(leader, why) => shared.renew(identity, leader, why),
            Role::Reentrant => identity.valid_session(shared.link.now()).ok_or_else(reentrant),
        }
    }

    /// Reads the credential source now. If it has another app token, starts a session with it and returns `true`. Other
    /// callers get the old session until then.
    ///
    /// Without this call, a new token is used from the next renewal on. Sessions for other options or users of this provider
    /// are renewed with the new token when they are due.
    ///
    /// # Errors
    ///
    /// The error of the source, or any [`ErrorKind`] if no session could be started with the new app token. The old session
    /// then stays in use until it expires.
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
        let active = shared.credentials.read_source()?;
        if shared.credentials.changes() == before {
            return Ok(false);
        }
        let role = identity.flight.join(
            || ((), shared.link.longest_wait()),
            |_, situation, ()| match situation.latest {
                // A renewal that was under way may still have used the old token.
                Some(Ok(session)) if session.app_token() != &active.used.id => Next::Lead(Reason::CredentialChanged),
                Some(latest) => Next::Answer(latest.clone()),
                None => Next::Lead(Reason::CredentialChanged),
            },
        )?;
        match role {
            Role::Answered(answer) => answer.map(drop)?,
            Role::Leader(leader, why) => shared.renew(identity, leader, why).map(drop)?,
            Role::Reentrant => return Err(reentrant()),
        }
        // After a failed renewal the result is the old session while that is good, but the caller wants to know whether the new
        // token works.
        identity.last_error().map_or(Ok(true), Err)
    }

    /// Drops the session if its KS is this one, for instance because another server refused it. With an older KS this does
    /// nothing.
    pub fn invalidate(&self, ks: &Ks) {
        self.drop_session(ks, Invalidation::Requested, None);
    }

    /// Reports that a call with this KS failed with this error. Returns whether it is worth retrying with a new session.
    ///
    /// It is worth it if the server refused the KS for a reason that a new session fixes: it expired, it was ended, or it was
    /// used as often as its `actionslimit` allows. If the server refuses the next session soon after its start too, renewal
    /// pauses. [`call`](Self::call) and [`with_session`](Self::with_session) call this themselves.
    ///
    /// [`Error::from_kaltura`] makes the error from the code and message that another HTTP client received.
    #[must_use = "this is whether to retry"]
    pub fn report(&self, ks: &Ks, error: &Error) -> bool {
        let ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)) = error.kind() else {
            return false;
        };
        let why = Invalidation::Refused(fault);
        if !why.is_fixed_by_renewal() {
            return false;
        }
        self.drop_session(ks, why, Some(error));
        true
    }

    fn drop_session(&self, ks: &Ks, why: Invalidation, error: Option<&Error>) {
        let Self { shared, identity } = self;
        if let Some(session) = identity.invalidate(ks, why, error, shared.link.now()) {
            shared.report(&Event::SessionInvalidated { identity: &identity.options, session: &session, why });
        }
    }

    /// Ends all waits and requests of this provider, its clones and all its users' providers, and of all that the same
    /// [`Builder`](crate::Builder) made, and starts no login any more. This cannot be undone.
    ///
    /// Calls that wait for a login or before a retry, also those with a limit, return within a second, with
    /// [`ErrorKind::NotSent`] or [`ErrorKind::NoReply`] and the advice that `stop` was called. Later calls return the same error at
    /// once, except that a session that has not expired is still returned.
    ///
    /// The [transport](apptoken_core::Transport::stop) and the [store](crate::store::SessionStore::stop) are stopped too, and so
    /// for all who share them. One of the caller's that does not implement `stop` ends a login only at its own time limits; the
    /// callers that wait for that login return nevertheless.
    ///
    /// This takes locks: call it from a thread, not from a signal handler. A stop in the child of a fork stops the child only.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn set_up(builder: apptoken::Builder, credential: apptoken::Credential) {
    /// # fn wait_for_sigterm() {}
    /// let provider = builder.provider(credential).build();
    /// let stopper = provider.clone();
    /// std::thread::spawn(move || {
    ///     wait_for_sigterm();
    ///     stopper.stop();
    /// });
    /// # }
    /// ```
    pub fn stop(&self) {
        self.shared.link.stop();
        if let Some(store) = &self.shared.store {
            store.stop();
        }
    }

    /// Starts a thread that renews the session when it is due, so that no caller has to. The thread stops when the handle is
    /// dropped, or after [`stop`](Self::stop).
    ///
    /// The child of a fork does not have the thread: callers renew the session there, unless the child starts a refresher of its
    /// own.
    #[must_use = "the thread stops when this is dropped"]
    pub fn refresher(&self) -> Refresher {
        Refresher::start(self.clone())
    }
}

/// The error for code that a login calls, when it calls the same provider and there is no valid session. To wait would be
/// a deadlock: the login waits for that code.
fn reentrant() -> Error {
    Error::invalid_input(
        "code that this provider's own login calls (a transport, an observer, a credential source, a store or a clock) \
         requested a session from it: use another provider there, or none",
    )
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
