//! What a provider does, for logs and metrics. No event shows a secret.

#[cfg(feature = "tracing")]
mod tracing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::login::renewal::{Invalidation, Reason};
use apptoken_core::{AppTokenId, Error, Session, SessionOptions, UnixSeconds};

use crate::source::SourceWarning;
use crate::store::StoreError;

#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

/// Sees what a provider does.
///
/// It is called on the thread that does it, never under a lock of the provider; renewals wait for it, so be quick.
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
    /// Takes note of an event.
    fn observe(&self, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn observe(&self, event: &Event<'_>) {
        (**self).observe(event);
    }
}

/// Something that a provider did. `Display` says it in a line for a log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A renewal begins.
    RenewalStarted {
        /// What was asked of the session.
        identity: &'a SessionOptions,
        /// Why it is renewed.
        why: Reason,
    },
    /// There is a new session.
    RenewalSucceeded {
        /// What was asked of the session.
        identity: &'a SessionOptions,
        /// The session.
        session: &'a Session,
        /// Where it comes from.
        from: Origin,
        /// How long it took.
        duration: Duration,
        /// How many requests were sent.
        requests: u32,
    },
    /// There is no new session.
    RenewalFailed {
        /// What was asked of the session.
        identity: &'a SessionOptions,
        /// Why not.
        error: &'a Error,
        /// How long it took.
        duration: Duration,
        /// How many requests were sent.
        requests: u32,
    },
    /// The old session is handed out although it should have been renewed, because renewing it failed.
    ServedStale {
        /// What was asked of the session.
        identity: &'a SessionOptions,
        /// The session.
        session: &'a Session,
        /// Why.
        why: Reason,
    },
    /// A session was dropped before its end.
    Invalidated {
        /// What was asked of the session.
        identity: &'a SessionOptions,
        /// The session.
        session: &'a Session,
        /// Why.
        why: Invalidation,
    },
    /// Several sessions were asked for at once.
    ManyStarted {
        /// How many were started.
        started: usize,
        /// How many were refused.
        failed: usize,
        /// How long it took.
        duration: Duration,
        /// How many requests were sent.
        requests: u32,
    },
    /// The app token itself ends soon: get a new one. Told 30 and 7 days before its end, if that is known.
    TokenEndsSoon {
        /// The app token.
        app_token: &'a AppTokenId,
        /// When it ends.
        expires_at: UnixSeconds,
        /// How long that is from now; zero if it has ended.
        left: Duration,
    },
    /// The credential source failed; the app token that it gave before stays in use.
    SourceFailed {
        /// Why.
        error: &'a Error,
    },
    /// Code of the caller's (an observer, a transport, a source, a store or a clock) panicked on the thread of a
    /// [`Refresher`](crate::Refresher), which goes on. The panic's own message says where.
    RefresherPanicked,
    /// The source of the app token warns of something; reported once for each change.
    CredentialWarning {
        /// What is wrong.
        warning: &'a SourceWarning,
    },
    /// The store could not do its work; the provider goes on without.
    StoreFailed {
        /// Why not.
        error: &'a StoreError,
    },
}

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A login.
    Login,
    /// The store: somebody else logged in.
    Store,
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenewalStarted { identity, why } => write!(f, "renewing the session{}: {why}", Of(identity)),
            Self::RenewalSucceeded { identity, session, from, duration, requests } => {
                let from = match from {
                    Origin::Login => "started",
                    Origin::Store => "taken from the store",
                };
                let (ks, until) = (session.ks().fingerprint(), session.expires_at());
                write!(
                    f,
                    "session {ks}{} {from}, good until {until} ({requests} requests, {duration:.1?})",
                    Of(identity)
                )
            }
            Self::RenewalFailed { identity, error, duration, requests } => {
                write!(f, "no session{}: {error} ({requests} requests, {duration:.1?})", Of(identity))
            }
            Self::ServedStale { identity, session, why } => {
                write!(f, "session {}{} stays in use: {why}", session.ks().fingerprint(), Of(identity))
            }
            Self::Invalidated { identity, session, why } => {
                write!(f, "session {}{} dropped: {why}", session.ks().fingerprint(), Of(identity))
            }
            Self::ManyStarted { started, failed, duration, requests } => {
                write!(f, "{started} sessions started, {failed} refused ({requests} requests, {duration:.1?})")
            }
            Self::TokenEndsSoon { app_token, expires_at, left } => {
                let days = left.as_secs() / 86_400;
                write!(f, "app token {app_token} ends at {expires_at}, in {days} days: get a new one")
            }
            Self::SourceFailed { error } => {
                write!(f, "the credential source failed, and the app token from before is used: {error}")
            }
            Self::RefresherPanicked => f.write_str("code that the refresher called panicked; it goes on"),
            Self::CredentialWarning { warning } => warning.fmt(f),
            Self::StoreFailed { error } => write!(f, "the session store failed: {error}"),
        }
    }
}

/// Names a user, if there is one.
struct Of<'a>(&'a SessionOptions);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.user_id {
            Some(user_id) => write!(f, " of {user_id:?}"),
            None => Ok(()),
        }
    }
}
