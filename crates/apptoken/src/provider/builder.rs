use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

#[cfg(feature = "ureq")]
use apptoken_core::Error;
use apptoken_core::SessionOptions;
use apptoken_core::login::renewal::RenewalPolicy;

use super::Provider;
use super::credentials::Credentials;
use super::shared::{Identities, Shared};
use super::widget::Widgets;
use super::within::{StartThread, start_thread};
#[cfg(feature = "ureq")]
use crate::builder::Builder;
#[cfg(feature = "ureq")]
use crate::config::Config;
use crate::events::Observer;
use crate::link::{Link, random_seed};
use crate::source::CredentialSource;
#[cfg(feature = "ureq")]
use crate::source::EnvSource;
use crate::store::SessionStore;
use crate::sync::{PerProcess, inherit_or_default};

/// Sets up a [`Provider`]. [`Builder::provider`](crate::Builder::provider) makes one.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken::{Builder, Credential, SessionOptions};
///
/// # fn set_up(builder: Builder, credential: Credential) {
/// let mut options = SessionOptions::default();
/// options.lifetime = Some(Duration::from_secs(3600));
/// let provider = builder.provider(credential).options(options).build();
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
    /// A provider with the default settings, for the server and the app token in the environment; see
    /// [`Config::from_env`]. When the server refuses the token, the environment is read again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the name of the missing or wrong variable.
    #[cfg(feature = "ureq")]
    pub fn from_env() -> Result<Self, Error> {
        let Config { endpoint, .. } = Config::from_env()?;
        Ok(Builder::new(endpoint).provider(EnvSource).build())
    }
}

impl ProviderBuilder {
    pub(crate) fn new(link: Link, source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self {
            link,
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

    /// Sets what is requested of the session; by default, all that the token gives.
    pub fn options(self, options: SessionOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets when the session is renewed; the default policy has a random jitter seed. The child of a fork has another seed than
    /// its parent.
    pub fn renewal(self, renewal: RenewalPolicy) -> Self {
        Self { renewal, ..self }
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
