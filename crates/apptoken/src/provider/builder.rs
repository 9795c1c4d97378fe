use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

#[cfg(feature = "ureq")]
use apptoken_core::Error;
use apptoken_core::login::renewal::RenewalPolicy;
use apptoken_core::{Clock, Endpoint, RetryPolicy, SessionOptions, Transport};

use super::Provider;
use super::credentials::Credentials;
use super::shared::{Identities, Shared};
use super::widget::Widgets;
use super::within::{StartThread, start_thread};
#[cfg(feature = "ureq")]
use crate::config::Config;
use crate::events::Observer;
use crate::link::{Link, random_seed};
use crate::source::CredentialSource;
#[cfg(feature = "ureq")]
use crate::source::EnvSource;
use crate::store::SessionStore;
use crate::sync::{PerProcess, inherit_or_default};

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
    /// A provider over ureq for the server and the app token in the environment; see
    /// [`Config::from_env`]. When the server refuses the token, the environment is read again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the name of the missing or wrong variable.
    #[cfg(feature = "ureq")]
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self::builder_from_env()?.build())
    }

    /// A builder with the settings of [`from_env`](Self::from_env).
    ///
    /// # Errors
    ///
    /// Like [`from_env`](Self::from_env).
    #[cfg(feature = "ureq")]
    pub fn builder_from_env() -> Result<ProviderBuilder, Error> {
        let Config { endpoint, .. } = Config::from_env()?;
        Ok(Self::builder(endpoint, EnvSource, apptoken_transport_ureq::UreqTransport::new()))
    }

    /// A provider over ureq that takes its app token from a source; a [`Credential`](crate::Credential) is a source.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>, source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self::builder(endpoint, source, apptoken_transport_ureq::UreqTransport::new()).build()
    }

    /// A builder for a provider over any transport that takes its app token from a source; a
    /// [`Credential`](crate::Credential) is a source.
    pub fn builder(
        endpoint: impl Into<Endpoint>,
        source: impl CredentialSource + Send + Sync + 'static,
        transport: impl Transport + Send + Sync + 'static,
    ) -> ProviderBuilder {
        ProviderBuilder {
            link: Link::new(endpoint.into(), transport),
            credentials: Credentials::new(source),
            renewal: RenewalPolicy { jitter_seed: random_seed(), ..RenewalPolicy::default() },
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
    /// Sets what is requested of the session; by default, all that the token gives.
    pub fn options(self, options: SessionOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets when a request is retried; the default policy has a random jitter seed. The child of a fork has another seed than
    /// its parent.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.link.retry = retry;
        self
    }

    /// Sets when the session is renewed; the default policy has a random jitter seed. The child of a fork has another seed than
    /// its parent.
    pub fn renewal(self, renewal: RenewalPolicy) -> Self {
        Self { renewal, ..self }
    }

    /// Sets the clock, for tests; [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.link.clock = Arc::new(clock);
        self
    }

    /// Sets the longest time that the transport spends on one request; 30 s by default, as with ureq's default settings.
    ///
    /// With a [store](Self::store), a provider waits while another provider renews the session, for at most the longest
    /// time of a login. That time follows from this timeout and the [`RetryPolicy`]. With a value that is too small, the
    /// provider may log in a second time; with one that is too large, it waits longer for a process that hangs.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.link.request_timeout = timeout;
        self
    }

    /// Shares sessions with all providers that use the same store; there is none by default.
    pub fn store(self, store: impl SessionStore + Send + Sync + 'static) -> Self {
        Self { store: Some(Arc::new(store)), ..self }
    }

    /// Reports events to this observer; there is none by default.
    pub fn observer(self, observer: impl Observer + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Sets how many identities are cached (see [`Provider::with_options`]); 1000 by default.
    pub fn identities(self, identities: NonZeroUsize) -> Self {
        Self { identities, ..self }
    }

    /// Sets how many sessions [`Provider::start_many`] requests at once; 100 by default.
    pub fn batch_size(self, batch_size: NonZeroUsize) -> Self {
        Self { batch_size, ..self }
    }

    /// Builds the provider. Neither the source nor the server is asked for anything yet.
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
            identities: Identities::new(identities),
            identity_count: AtomicU64::new(0),
            token_end_warning: PerProcess::new(inherit_or_default),
            credential_warning: PerProcess::new(inherit_or_default),
            unencrypted_warning: AtomicBool::new(false),
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
