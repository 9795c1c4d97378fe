use apptoken_core::{
    Action, Credential, Endpoint, Error, Exchange, Flow, Ks, Login, Moment, Session, SessionOptions, StoppedFlow,
};

use crate::link::Link;

/// A blocking client that logs in with an app token and calls any action.
///
/// [`Builder::client`](crate::Builder::client) makes one. It is cheap to clone; clones share the transport and its connections.
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
    pub(crate) fn over(link: Link, credential: Credential) -> Self {
        Self { link, credential }
    }

    /// A client with the default settings, for the server and the app token in the environment; see
    /// [`Config::from_env`](crate::Config::from_env).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the name of the missing or wrong variable.
    #[cfg(feature = "ureq")]
    pub fn from_env() -> Result<Self, Error> {
        let crate::Config { endpoint, credential } = crate::Config::from_env()?;
        Ok(crate::Builder::new(endpoint).client(credential))
    }

    /// Starts a session with all that the app token gives.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind); see the [table of errors](apptoken_core#errors).
    pub fn login(&self) -> Result<Session, Error> {
        self.login_with(SessionOptions::default())
    }

    /// Starts a session with these options, as far as the app token allows them.
    ///
    /// # Errors
    ///
    /// Like [`login`](Self::login).
    pub fn login_with(&self, options: SessionOptions) -> Result<Session, Error> {
        self.run(
            Login::new(self.link.endpoint.clone(), self.credential.clone()).options(options).retry(self.link.retry()),
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

    /// Drives a flow that was started. Unlike [`run`](Self::run), this returns the flow's progress with its error.
    ///
    /// # Errors
    ///
    /// [`StoppedFlow`] if the flow cannot continue.
    pub fn drive<F: Flow>(&self, exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        self.link.drive(exchange)
    }

    /// Ends all waits and requests of this client and its clones within a second, and refuses later ones; see
    /// [`Provider::stop`](crate::Provider::stop). The [transport](crate::Transport::stop) is stopped too, and so for all who share it.
    pub fn stop(&self) {
        self.link.stop();
    }

    /// The present time on this client's clock, for [`Flow::start`].
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
