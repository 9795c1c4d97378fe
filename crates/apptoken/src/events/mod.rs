//! The events of a provider, for logs and metrics. No event shows a secret.

#[cfg(feature = "tracing")]
mod tracing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::login::renewal::{Invalidation, Reason};
use apptoken_core::value::ApproximateDuration;
use apptoken_core::{AppTokenId, Endpoint, Error, Session, SessionOptions, UnixSeconds};

use crate::source::SourceWarning;
use crate::store::StoreError;

#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

/// Receives the events of a provider.
///
/// It is called on the thread on which the event happens, never under a lock of the provider. The renewal waits for it, so it
/// should return fast.
///
/// It may call the same provider, which then returns the present session or an error. It may panic: the panic reaches the
/// caller that renews, the next caller renews again, and a [`Refresher`](crate::Refresher) continues. It must not wait for
/// another thread that waits for the same provider.
///
/// # Examples
///
/// ```
/// use apptoken::{Event, Observer};
///
/// #[derive(Default)]
/// struct Renewals(std::sync::atomic::AtomicU64);
///
/// impl Observer for Renewals {
///     fn observe(&self, event: &Event<'_>) {
///         if let Event::RenewalSucceeded { .. } = event {
///             self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer {
    /// Receives one event.
    fn observe(&self, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn observe(&self, event: &Event<'_>) {
        (**self).observe(event);
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn observe(&self, event: &Event<'_>) {
        (**self).observe(event);
    }
}

/// An event of a provider. `Display` is one line for a log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A renewal starts.
    #[non_exhaustive]
    RenewalStarted {
        /// What is requested of the session.
        identity: &'a SessionOptions,
        /// Why the session is renewed.
        why: Reason,
    },
    /// A renewal returned a new session.
    #[non_exhaustive]
    RenewalSucceeded {
        /// What is requested of the session.
        identity: &'a SessionOptions,
        /// The new session.
        session: &'a Session,
        /// Where it comes from.
        from: Origin,
        /// How long the renewal took.
        duration: Duration,
        /// The number of requests that were sent.
        requests: u32,
    },
    /// A renewal failed.
    #[non_exhaustive]
    RenewalFailed {
        /// What is requested of the session.
        identity: &'a SessionOptions,
        /// Why it failed.
        error: &'a Error,
        /// The time from start to end.
        duration: Duration,
        /// The number of requests that were sent.
        requests: u32,
    },
    /// A stale session is returned: it is due for renewal, but the renewal failed.
    #[non_exhaustive]
    StaleSessionServed {
        /// What is requested of the session.
        identity: &'a SessionOptions,
        /// The session.
        session: &'a Session,
        /// Why it stays in use.
        why: Reason,
    },
    /// A session was dropped before it expired.
    #[non_exhaustive]
    SessionInvalidated {
        /// What is requested of the session.
        identity: &'a SessionOptions,
        /// The session.
        session: &'a Session,
        /// Why it was dropped.
        why: Invalidation,
    },
    /// A batch of the sessions of many users is done, and others follow.
    #[non_exhaustive]
    ManySessionsProgress {
        /// The number of users that are done, also those that failed.
        done: usize,
        /// The number of all users.
        total: usize,
    },
    /// Sessions of many users were requested at once.
    #[non_exhaustive]
    ManySessionsStarted {
        /// The number of sessions that were started.
        started: usize,
        /// The number of sessions that were taken from the store.
        from_store: usize,
        /// The number of sessions that failed.
        failed: usize,
        /// The time from start to end.
        duration: Duration,
        /// The number of requests that were sent.
        requests: u32,
    },
    /// The app token itself expires soon and must be replaced. Reported 30 and 7 days before, if its expiry is known.
    #[non_exhaustive]
    TokenExpiresSoon {
        /// The app token.
        app_token: &'a AppTokenId,
        /// When it expires.
        expires_at: UnixSeconds,
        /// The time until then; zero if it has expired.
        left: Duration,
    },
    /// The credential source failed; its last app token stays in use.
    #[non_exhaustive]
    SourceFailed {
        /// The error of the source.
        error: &'a Error,
    },
    /// The caller's code (an observer, a transport, a source, a store or a clock) panicked on the thread of a
    /// [`Refresher`](crate::Refresher), which continues. The panic's own message says where.
    RefresherPanicked,
    /// The source of the app token returned a warning; reported once for each change.
    #[non_exhaustive]
    CredentialWarning {
        /// The warning.
        warning: &'a SourceWarning,
    },
    /// Requests to the server are not encrypted, because the caller allowed it; reported once.
    #[non_exhaustive]
    UnencryptedServer {
        /// The server.
        endpoint: &'a Endpoint,
    },
    /// The store failed; the provider continues without it.
    #[non_exhaustive]
    StoreFailed {
        /// Why it failed.
        error: &'a StoreError,
    },
}

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A login.
    Login,
    /// The store: another provider or process logged in.
    Store,
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenewalStarted { identity, why } => write!(f, "renewing the session{}: {why}", OfUser(identity)),
            Self::RenewalSucceeded { identity, session, from, duration, requests } => {
                let from = match from {
                    Origin::Login => "started",
                    Origin::Store => "taken from the store",
                };
                let (ks, until) = (session.ks().fingerprint(), session.expires_at());
                write!(
                    f,
                    "session {ks}{} {from}, good until {until} ({requests} requests, {duration:.1?})",
                    OfUser(identity)
                )
            }
            Self::RenewalFailed { identity, error, duration, requests } => {
                write!(f, "no session{} ({requests} requests, {duration:.1?}): {error:#}", OfUser(identity))
            }
            Self::StaleSessionServed { identity, session, why } => {
                write!(f, "session {}{} stays in use: {why}", session.ks().fingerprint(), OfUser(identity))
            }
            Self::SessionInvalidated { identity, session, why } => {
                write!(f, "session {}{} dropped: {why}", session.ks().fingerprint(), OfUser(identity))
            }
            Self::ManySessionsProgress { done, total } => write!(f, "sessions of {done} of {total} users are done"),
            Self::ManySessionsStarted { started, from_store, failed, duration, requests } => {
                write!(f, "{started} sessions started, ")?;
                if *from_store > 0 {
                    write!(f, "{from_store} taken from the store, ")?;
                }
                write!(f, "{failed} failed ({requests} requests, {duration:.1?})")
            }
            Self::TokenExpiresSoon { app_token, expires_at, left } => {
                write!(
                    f,
                    "app token {app_token} expires at {expires_at}, in {}: replace it",
                    ApproximateDuration(*left)
                )
            }
            Self::SourceFailed { error } => {
                write!(f, "the credential source failed, and its last app token stays in use: {error:#}")
            }
            Self::RefresherPanicked => f.write_str("code that the refresher called panicked; the refresher continues"),
            Self::CredentialWarning { warning } => warning.fmt(f),
            Self::UnencryptedServer { endpoint } => {
                write!(f, "secrets are sent unencrypted to {endpoint}: use https:// for a server that is not for tests")
            }
            Self::StoreFailed { error } => write!(f, "the session store failed: {error}"),
        }
    }
}

/// ` of "alice"`, if a user is requested.
struct OfUser<'a>(&'a SessionOptions);

impl fmt::Display for OfUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.user_id {
            Some(user_id) => write!(f, " of {user_id:?}"),
            None => Ok(()),
        }
    }
}
