use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apptoken_core::renewal::RenewalPolicy;
use apptoken_core::{Clock, Endpoint, Moment, RetryPolicy, SessionOptions, Transport};
use lru::LruCache;

use super::credentials::Credentials;
use super::identity::Identity;
use super::widget::Widgets;
use crate::store::SessionStore;
use crate::{Event, Observer};

/// What the identities of a provider have in common.
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    pub(super) credentials: Credentials,
    pub(super) transport: Arc<dyn Transport + Send + Sync>,
    pub(super) clock: Arc<dyn Clock + Send + Sync>,
    pub(super) retry: RetryPolicy,
    pub(super) renewal: RenewalPolicy,
    pub(super) store: Option<Arc<dyn SessionStore + Send + Sync>>,
    pub(super) observer: Option<Box<dyn Observer + Send + Sync>>,
    pub(super) batch_size: NonZeroUsize,
    pub(super) widgets: Widgets,
    pub(super) identities: Mutex<LruCache<SessionOptions, Arc<Identity>>>,
    /// Gives each identity random parts of its own.
    pub(super) made: AtomicU64,
    /// Of which ends of which tokens was warned.
    pub(super) warned: Mutex<Option<Warned>>,
}

/// The last warning of a token's end.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Warned {
    app_token: String,
    days: u64,
}

/// How many days before a token's end a warning is due.
const WARNINGS: [u64; 2] = [7, 30];

impl Shared {
    /// The identity with these options: the one that is there, or a new one.
    pub(super) fn identity(&self, options: SessionOptions) -> Arc<Identity> {
        let mut identities = lock(&self.identities);
        let make = || {
            let made = self.made.fetch_add(1, Ordering::Relaxed);
            let jitter_seed = self.renewal.jitter_seed.wrapping_add(made.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            Arc::new(Identity::new(options.clone(), RenewalPolicy { jitter_seed, ..self.renewal }))
        };
        Arc::clone(identities.get_or_insert(options.clone(), make))
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }

    /// Tells once when a date comes near at which the app token itself ends, if that is known.
    pub(super) fn warn_of_token_end(&self, now: Moment) {
        let Some(held) = self.credentials.held() else { return };
        let Some(expires_at) = held.expires_at else { return };
        let left = Duration::from_secs(expires_at.seconds_since(now.wall).try_into().unwrap_or_default());
        let Some(days) = WARNINGS.into_iter().find(|days| left <= Duration::from_secs(days * 86_400)) else { return };
        let app_token = &held.used.id;
        let warning = Some(Warned { app_token: app_token.as_str().to_owned(), days });
        let is_new = {
            let mut warned = lock(&self.warned);
            let is_new = *warned != warning;
            *warned = warning;
            is_new
        };
        if is_new {
            self.tell(&Event::TokenEndsSoon { app_token, expires_at, left });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
