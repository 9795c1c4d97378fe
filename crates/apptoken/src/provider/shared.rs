use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use apptoken_core::login::renewal::RenewalPolicy;
use apptoken_core::{Moment, SessionOptions};
use lru::LruCache;

use super::credentials::Credentials;
use super::identity::Identity;
use super::widget::Widgets;
use super::within::StartThread;
use crate::events::{Event, Observer};
use crate::link::Link;
use crate::source::SourceWarning;
use crate::store::SessionStore;
use crate::sync::{Mutex, PerProcess, lock, try_lock};

/// What all identities of a provider share.
pub(super) struct Shared {
    pub(super) link: Link,
    pub(super) credentials: Credentials,
    pub(super) renewal: RenewalPolicy,
    pub(super) store: Option<Arc<dyn SessionStore + Send + Sync>>,
    pub(super) observer: Option<Box<dyn Observer + Send + Sync>>,
    pub(super) batch_size: NonZeroUsize,
    pub(super) start_thread: StartThread,
    pub(super) widgets: Widgets,
    pub(super) identities: Identities,
    /// The number of identities so far; it makes the jitter of each identity different.
    pub(super) identity_count: AtomicU64,
    /// The last warning about the token's expiry, so that each is reported once.
    pub(super) token_end_warning: PerProcess<Mutex<Option<TokenEndWarning>>>,
    /// The last warning of the source, so that each is reported once.
    pub(super) credential_warning: PerProcess<Mutex<Option<SourceWarning>>>,
    /// Whether it was reported that the server is called without encryption.
    pub(super) unencrypted_warning: AtomicBool,
}

/// The identities that were used last. In the child of a fork those of the parent, unless another thread held the lock.
pub(super) struct Identities(PerProcess<Mutex<IdentityCache>, MakeIdentityCache>);

type IdentityCache = LruCache<SessionOptions, Arc<Identity>>;
type MakeIdentityCache = Box<dyn Fn(Option<&Mutex<IdentityCache>>) -> Mutex<IdentityCache> + Send + Sync>;

impl Identities {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        let make = move |inherited: Option<&Mutex<IdentityCache>>| {
            let inherited = inherited.and_then(try_lock).map(|identities| identities.clone());
            Mutex::new(inherited.unwrap_or_else(|| LruCache::new(capacity)))
        };
        Self(PerProcess::new(Box::new(make)))
    }
}

/// A warning that was reported about a token's expiry.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct TokenEndWarning {
    app_token: String,
    days: u64,
}

/// How many days before the token expires a warning is due.
const WARNINGS: [u64; 2] = [7, 30];

impl Shared {
    /// The identity with these options: the cached one, or a new one.
    pub(super) fn identity(&self, options: SessionOptions) -> Arc<Identity> {
        let identities = self.identities.0.get();
        let mut identities = lock(&identities);
        let make = || {
            let number = self.identity_count.fetch_add(1, Ordering::Relaxed);
            // Sessions that were started together, by `start_many`, must not all be renewed together. The factor is the
            // golden ratio in 64 bits, which spreads consecutive numbers over all seeds.
            let jitter_seed = self.renewal.jitter_seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            Arc::new(Identity::new(options.clone(), RenewalPolicy { jitter_seed, ..self.renewal }, self.link.seeds))
        };
        Arc::clone(identities.get_or_insert(options.clone(), make))
    }

    pub(super) fn report(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }

    /// Reports once that the server is called without encryption.
    pub(super) fn warn_of_unencrypted_server(&self) {
        let endpoint = &self.link.endpoint;
        if endpoint.is_unencrypted() && !self.unencrypted_warning.swap(true, Ordering::Relaxed) {
            self.report(&Event::UnencryptedServer { endpoint });
        }
    }

    /// Reports a warning of the source, once for each change.
    pub(super) fn warn_of_credentials(&self) {
        let Some(active) = self.credentials.active() else { return };
        let last = std::mem::replace(&mut *lock(&self.credential_warning.get()), active.warning.clone());
        if let Some(warning) = active.warning.as_ref().filter(|warning| Some(*warning) != last.as_ref()) {
            self.report(&Event::CredentialWarning { warning });
        }
    }

    /// Warns once at 30 and once at 7 days before the app token itself expires, if that time is known.
    pub(super) fn warn_of_token_end(&self, now: Moment) {
        let Some(active) = self.credentials.active() else { return };
        let Some(expires_at) = active.expires_at else { return };
        let left = Duration::from_secs(expires_at.seconds_since(now.wall).try_into().unwrap_or_default());
        let Some(days) = WARNINGS.into_iter().find(|days| left <= Duration::from_secs(days * 86_400)) else { return };
        let app_token = &active.used.id;
        let warning = Some(TokenEndWarning { app_token: app_token.as_str().to_owned(), days });
        let is_new = {
            let token_end_warning = self.token_end_warning.get();
            let mut token_end_warning = lock(&token_end_warning);
            let is_new = *token_end_warning != warning;
            *token_end_warning = warning;
            is_new
        };
        if is_new {
            self.report(&Event::TokenExpiresSoon { app_token, expires_at, left });
        }
    }
}
