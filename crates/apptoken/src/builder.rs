use std::sync::Arc;
use std::time::Duration;

use apptoken_core::{Clock, Credential, Endpoint, PartnerId, RetryPolicy, Transport};
#[cfg(feature = "ureq")]
use apptoken_transport_ureq::UreqTransport;

use crate::administration::{Admin, Authority};
use crate::client::Client;
use crate::link::Link;
use crate::provider::ProviderBuilder;
use crate::source::CredentialSource;

/// Makes every [`Client`], [`Provider`](crate::Provider) and [`Admin`]: the server, and how requests get to it.
///
/// Clones share the transport and its connections, so one builder can make several of them. They also share the stop:
/// [`Provider::stop`](crate::Provider::stop) ends the requests of all.
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// use apptoken::{Builder, Config, RetryPolicy, UreqTransport};
///
/// let config = Config::from_env()?;
/// let transport = UreqTransport::builder().proxy("http://proxy.example.org:3128").build()?;
/// let builder = Builder::new(config.endpoint).transport(transport).retry(RetryPolicy::none());
/// let provider = builder.clone().provider(config.credential.clone()).build();
/// let client = builder.client(config.credential);
/// # let _ = (provider, client);
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
///
/// A setting that is chosen at run time can be a `Box` or an `Arc` of the trait, here the transport:
///
/// ```
/// use std::sync::Arc;
///
/// use apptoken::{Builder, Endpoint, Transport};
///
/// fn set_up(endpoint: Endpoint, transport: Arc<dyn Transport + Send + Sync>) -> Builder {
///     Builder::with_transport(endpoint, transport)
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing by itself"]
pub struct Builder {
    link: Link,
    /// Whether the transport is the one of `new`, whose timeout follows the setting.
    #[cfg(feature = "ureq")]
    has_default_transport: bool,
}

impl Builder {
    /// A builder with the transport [`UreqTransport`] and its default settings.
    #[cfg(feature = "ureq")]
    pub fn new(endpoint: impl Into<Endpoint>) -> Self {
        Self { has_default_transport: true, ..Self::with_transport(endpoint, UreqTransport::new()) }
    }

    /// A builder with this transport, for programs without the feature `ureq`.
    pub fn with_transport(endpoint: impl Into<Endpoint>, transport: impl Transport + Send + Sync + 'static) -> Self {
        Self {
            link: Link::new(endpoint.into(), Arc::new(transport)),
            #[cfg(feature = "ureq")]
            has_default_transport: false,
        }
    }

    /// Sends the requests with this transport.
    ///
    /// For a proxy, root certificates or a connect timeout, build a `UreqTransport` with them; for another HTTP client,
    /// implement [`Transport`].
    pub fn transport(mut self, transport: impl Transport + Send + Sync + 'static) -> Self {
        self.link.transport = Arc::new(transport);
        #[cfg(feature = "ureq")]
        {
            self.has_default_transport = false;
        }
        self
    }

    /// Sends the requests with the program's own agent of ureq, with its connections, TLS, proxy and resolver.
    /// [`UreqTransport::from_agent`] says what changes with it.
    #[cfg(feature = "ureq")]
    pub fn agent(self, agent: ureq::Agent) -> Self {
        self.transport(UreqTransport::from_agent(agent))
    }

    /// Sets when a request is retried; the default policy has a random jitter seed. The child of a fork has another seed than
    /// its parent.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.link.retry = retry;
        self
    }

    /// Sets the clock, for tests; [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.link.clock = Arc::new(clock);
        self
    }

    /// Sets the longest time of one request, from its start to the last byte of its reply; 30 s by default.
    ///
    /// The default transport keeps it. Any other transport has a timeout of its own; say here how long that is, because a
    /// provider with a [store](ProviderBuilder::store) waits while another provider renews the session, for at most the longest
    /// time of a login, which follows from this timeout and the [`RetryPolicy`]. With a value that is too small, it may log
    /// in a second time; with one that is too large, it waits longer for a process that hangs.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.link.request_timeout = timeout;
        #[cfg(feature = "ureq")]
        if self.has_default_transport {
            self.link.transport = Arc::new(UreqTransport::with_total_timeout(timeout));
        }
        self
    }

    /// A client that logs in with this app token.
    #[must_use]
    pub fn client(self, credential: Credential) -> Client {
        Client::over(self.link, credential)
    }

    /// A builder for a provider that takes its app token from a source; a [`Credential`] is a source.
    pub fn provider(self, source: impl CredentialSource + Send + Sync + 'static) -> ProviderBuilder {
        ProviderBuilder::new(self.link, source)
    }

    /// A client for the administration of this account, with its admin secret or a session.
    #[must_use]
    pub fn admin(self, partner: PartnerId, authority: impl Into<Authority>) -> Admin {
        Admin::over(self.link, partner, authority.into())
    }
}
