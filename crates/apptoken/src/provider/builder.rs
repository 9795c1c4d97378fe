use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

#[cfg(feature = "ureq")]
use apptoken_core::Error;
use apptoken_core::login::renewal::RenewalPolicy;
use apptoken_core::{Clock, Endpoint, RetryPolicy, SessionOptions, Transport};
use lru::LruCache;

use super::Provider;
use super::credentials::Credentials;
use super::shared::Shared;
use super::widget::Widgets;
use super::within::{StartThread, start_thread};
#[cfg(feature = "ureq")]
use crate::config::Config;
use crate::events::Observer;
use crate::link::{Link, any_number};
use crate::source::CredentialSource;
#[cfg(feature = "ureq")]
use crate::source::EnvSource;
use crate::store::SessionStore;
use crate::sync::Mutex;

/// Sets up a [`Provider`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken::{Config, Provider, SessionOptions};
///
/// # fn set_up(Config { endpoint, credential }: Config, transport: impl apptoken::Transport + Send + Sync + 'static) {
/// let mut options = SessionOptions::default();
/// options.lifetime = Some(Duration::from_secs(3600));
/// let provider = Provider::builder(endpoint, credential, transport).options(options).build();
/// # let _ = provider;
/// # }
/// ```
#[must_use = "nothing is set up before `build`"]
pub struct ProviderBuilder {
    link: Link,
    credentials: Credentials,
    renewal: RenewalPolicy,
    store: Option<Arc<dyn SessionStore + Send + Sync>>,
    observer: Option<Box<dyn Observer + Send + Sync>>,
    options: SessionOptions,
    identities: NonZeroUsize,
    batch_size: NonZeroUsize,
    pub(super) start_thread: StartThread,
}

const IDENTITIES: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(100).unwrap();

impl Provider {
    /// A provider over ureq for the server and the app token that the environment names; see
    /// [`Config::from_env`]. A token that is refused is read from the environment again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variable that is missing or wrong.
    #[cfg(feature = "ureq")]
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self::builder_from_env()?.build())
    }

    /// Starts to set up what [`from_env`](Self::from_env) gives.
    ///
    /// # Errors
    ///
    /// Like [`from_env`](Self::from_env).
    #[cfg(feature = "ureq")]
    pub fn builder_from_env() -> Result<ProviderBuilder, Error> {
        let Config { endpoint, .. } = Config::from_env()?;
        Ok(Self::builder(endpoint, EnvSource, apptoken_transport_ureq::UreqTransport::new()))
    }

    /// A provider over ureq for the app tokens of a source; a [`Credential`](crate::Credential) is one.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>, source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self::builder(endpoint, source, apptoken_transport_ureq::UreqTransport::new()).build()
    }

    /// Starts to set up a provider for the app tokens of a source (a [`Credential`](crate::Credential) is one), over any
    /// transport.
    pub fn builder(
        endpoint: impl Into<Endpoint>,
        source: impl CredentialSource + Send + Sync + 'static,
        transport: impl Transport + Send + Sync + 'static,
    ) -> ProviderBuilder {
        ProviderBuilder {
            link: Link::new(endpoint.into(), transport),
            credentials: Credentials::new(source),
            renewal: RenewalPolicy { jitter_seed: any_number(), ..RenewalPolicy::default() },
            store: None,
            observer: None,
            options: SessionOptions::default(),
            identities: IDENTITIES,
            batch_size: BATCH_SIZE,
            start_thread,
        }
    }
}

impl ProviderBuilder {
    /// What is asked of the session; everything that the token gives, by default.
    pub fn options(self, options: SessionOptions) -> Self {
        Self { options, ..self }
    }

    /// When a request is repeated; with a seed of its own, by default.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.link.retry = retry;
        self
    }

    /// When the session is renewed; with a seed of its own, by default.
    pub fn renewal(self, renewal: RenewalPolicy) -> Self {
        Self { renewal, ..self }
    }

    /// Takes the time from another clock, such as the one of a test.
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.link.clock = Arc::new(clock);
        self
    }

    /// The longest that the transport spends on one request; 30 s by default, as with ureq's default settings.
    ///
    /// With a [store](Self::store), a provider waits for another that renews the session as long as a login can take, which
    /// follows from this and the [`RetryPolicy`]. Set it for a transport that takes longer, or the provider may lose
    /// patience and log in a second time; set it for one that takes less, so that a process that hangs delays others less.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.link.request_timeout = timeout;
        self
    }

    /// Shares sessions with all who share the store; none by default.
    pub fn store(self, store: impl SessionStore + Send + Sync + 'static) -> Self {
        Self { store: Some(Arc::new(store)), ..self }
    }

    /// Tells what happens; nobody by default.
    pub fn observer(self, observer: impl Observer + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// How many identities are remembered (see [`Provider::with_options`]); 1000 by default.
    pub fn identities(self, identities: NonZeroUsize) -> Self {
        Self { identities, ..self }
    }

    /// How many sessions [`Provider::start_many`] asks for in one request; 100 by default.
    pub fn batch_size(self, batch_size: NonZeroUsize) -> Self {
        Self { batch_size, ..self }
    }

    /// The provider. It asks for nothing yet: neither the source nor the server.
    #[must_use]
    pub fn build(self) -> Provider {
        let Self { link, credentials, renewal, store, observer, options, identities, batch_size, start_thread } = self;
        let shared = Arc::new(Shared {
            link,
            credentials,
            renewal,
            store,
            observer,
            batch_size,
            start_thread,
            widgets: Widgets::new(),
            identities: Mutex::new(LruCache::new(identities)),
            identity_count: AtomicU64::new(0),
            token_end_warning: Mutex::new(None),
            credential_warning: Mutex::new(None),
        });
        let identity = shared.identity(options);
        Provider { shared, identity }
    }
}

impl fmt::Debug for ProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderBuilder")
            .field("link", &self.link)
            .field("options", &self.options)
            .field("renewal", &self.renewal)
            .finish_non_exhaustive()
    }
}
