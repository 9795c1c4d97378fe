//! Calls with a session, repeated once if the server refuses it.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apptoken_core::{Action, Error, Session};

use super::Provider;

impl Provider {
    /// Calls any action with the session, and once more with a new session if the server refused the first one for a reason
    /// that a new session fixes (see [`report`](Self::report)).
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
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
    pub fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        self.with_session(|session| session.call(&action))
    }

    /// Calls `work` with the session, and once more with a new session if `work` failed because the server refused the first
    /// one for a reason that a new session fixes (see [`report`](Self::report)).
    ///
    /// `work` can return its own type of error. It failed for that reason if [`LeasedSession::call`] met such a refusal, if it
    /// was passed to [`LeasedSession::report`], or if the returned error is one, as [`Error`] or in a `Box<dyn Error>`. Other
    /// types of errors are not searched.
    ///
    /// # Errors
    ///
    /// The error of the last call of `work`, or any [`ErrorKind`](crate::ErrorKind) if there is no valid session and no new
    /// one can be started.
    ///
    /// # Examples
    ///
    /// An upload with another HTTP client, which reads code and message in Kaltura's reply:
    ///
    /// ```
    /// use apptoken::{Ks, Provider};
    ///
    /// # struct Refusal { code: String, message: String }
    /// # fn upload(_: &Ks, _: &str) -> std::io::Result<Result<(), Refusal>> { Ok(Ok(())) }
    /// enum UploadError {
    ///     Kaltura(apptoken::Error),
    ///     Io(std::io::Error),
    /// }
    /// # impl From<std::io::Error> for UploadError {
    /// #     fn from(error: std::io::Error) -> Self { Self::Io(error) }
    /// # }
    ///
    /// impl From<apptoken::Error> for UploadError {
    ///     fn from(error: apptoken::Error) -> Self {
    ///         Self::Kaltura(error)
    ///     }
    /// }
    ///
    /// fn publish(provider: &Provider, file: &str) -> Result<(), UploadError> {
    ///     provider.with_session(|session| match upload(session.ks(), file)? {
    ///         Ok(()) => Ok(()),
    ///         Err(refusal) => {
    ///             let error = apptoken::Error::from_kaltura(&refusal.code, &refusal.message);
    ///             session.report(&error);
    ///             Err(error.into())
    ///         }
    ///     })
    /// }
    /// ```
    pub fn with_session<T, E: From<Error> + 'static>(
        &self,
        mut work: impl FnMut(&LeasedSession<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, repeat) = self.attempt(&mut work);
        if repeat { self.attempt(&mut work).0 } else { result }
    }

    /// The result of `work`, and whether a new session is worth another attempt.
    fn attempt<T, E: From<Error> + 'static>(
        &self,
        work: &mut impl FnMut(&LeasedSession<'_>) -> Result<T, E>,
    ) -> (Result<T, E>, bool) {
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return (Err(error.into()), false),
        };
        let leased = LeasedSession { provider: self, session, refused: AtomicBool::new(false) };
        let result = work(&leased);
        match &result {
            Ok(_) => self.identity.record_acceptance(&leased, &*self.shared.link.clock),
            Err(error) => {
                if let Some(error) = as_error(error) {
                    leased.report(error);
                }
            }
        }
        let repeat = result.is_err() && leased.refused.into_inner();
        (result, repeat)
    }
}

/// A session for one attempt of [`Provider::with_session`].
pub struct LeasedSession<'p> {
    provider: &'p Provider,
    session: Arc<Session>,
    refused: AtomicBool,
}

impl LeasedSession<'_> {
    /// Calls any action with this session.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        self.provider.shared.link.call(self.session.ks(), action).inspect_err(|error| self.report(error))
    }

    /// Reports that a call with this session failed with this error: see [`Provider::report`]. If a new session fixes it and
    /// the work fails, the work is repeated.
    ///
    /// [`Error::from_kaltura`] makes the error from what another HTTP client received.
    pub fn report(&self, error: &Error) {
        if self.provider.report(self.session.ks(), error) {
            self.refused.store(true, Ordering::Relaxed);
        }
    }
}

impl Deref for LeasedSession<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for LeasedSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider: _, session, refused } = self;
        f.debug_struct("LeasedSession").field("session", session).field("refused", refused).finish_non_exhaustive()
    }
}

/// The error of this library, if the caller's error is one or a box of one.
fn as_error<E: 'static>(error: &E) -> Option<&Error> {
    let error: &dyn Any = error;
    let unboxed = || error.downcast_ref::<Box<dyn StdError>>()?.downcast_ref();
    let unboxed_sync = || error.downcast_ref::<Box<dyn StdError + Send + Sync>>()?.downcast_ref();
    error.downcast_ref().or_else(unboxed).or_else(unboxed_sync)
}
