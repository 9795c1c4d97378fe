use apptoken_core::{
    Action, Clock, Credential, Endpoint, Error, Exchange, Flow, Ks, Login, Moment, RetryPolicy, Session,
    SessionOptions, StoppedFlow, Transport,
};

use crate::link::Link;

/// A blocking client: an app token, a server, and what carries requests to it.
///
/// Cheap to clone; clones share their transport, and with it its connections.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// let session = apptoken::Client::from_env()?.login()?;
/// println!("user {:?} until {}", session.user_id(), session.expires_at());
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    link: Link,
    credential: Credential,
}

impl Client {
    /// A client over ureq for the server and the app token that the environment names; see
    /// [`Config::from_env`](crate::Config::from_env).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variable that is missing or wrong.
    #[cfg(feature = "ureq")]
    pub fn from_env() -> Result<Self, Error> {
        let crate::Config { endpoint, credential } = crate::Config::from_env()?;
        Ok(Self::new(endpoint, credential))
    }

    /// A client over ureq.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>, credential: Credential) -> Self {
        Self::with_transport(endpoint, credential, apptoken_transport_ureq::UreqTransport::new())
    }

    /// A client over any transport.
    #[must_use]
    pub fn with_transport(
        endpoint: impl Into<Endpoint>,
        credential: Credential,
        transport: impl Transport + Send + Sync + 'static,
    ) -> Self {
        Self { link: Link::new(endpoint.into(), transport), credential }
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.link.retry = retry;
        self
    }

    /// Takes the time from another clock, such as the one of a test.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + Send + Sync + 'static) -> Self {
        self.link.clock = std::sync::Arc::new(clock);
        self
    }

    /// Starts a session that is everything the app token gives.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind); see the [table of errors](apptoken_core#errors).
    pub fn login(&self) -> Result<Session, Error> {
        self.login_with(SessionOptions::default())
    }

    /// Starts a session and asks for more, or less, than the app token gives by itself.
    ///
    /// # Errors
    ///
    /// Like [`login`](Self::login).
    pub fn login_with(&self, options: SessionOptions) -> Result<Session, Error> {
        self.run(
            Login::new(self.link.endpoint.clone(), self.credential.clone()).options(options).retry(self.link.retry),
        )
    }

    /// Calls any action with a session.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn call<A: Action>(&self, ks: &Ks, action: A) -> Result<A::Reply, Error> {
        self.link.call(ks, action)
    }

    /// Runs any flow over this client's transport.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        self.link.run(flow)
    }

    /// Drives a flow that was started, for what it tells of its progress when it stops.
    ///
    /// # Errors
    ///
    /// [`StoppedFlow`] if the flow cannot go on.
    pub fn drive<F: Flow>(&self, exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        self.link.drive(exchange)
    }

    /// Reads this client's clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.link.now()
    }

    /// The server.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.link.endpoint
    }
}
