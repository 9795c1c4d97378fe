use std::error::Error as StdError;
use std::{fmt, io};

use ureq::config::Config;
use ureq::http::Uri;

use super::tunnel::ProxyAnswer;
use crate::is_this_machine;

/// A failure to connect, which is before the first byte of the request.
#[derive(Debug)]
pub(crate) struct ConnectFailure {
    pub(super) step: Step,
    /// The host and port of the peer in this step.
    peer: String,
    pub(super) peer_is_proxy: bool,
    /// Whether the server is on another machine and no proxy is used.
    pub(super) is_direct: bool,
    pub(super) cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Resolve,
    Connect,
    OpenTunnel,
    Encrypt,
}

impl ConnectFailure {
    pub(super) fn new(step: Step, uri: &Uri, config: &Config, cause: Cause) -> Self {
        let proxy = config.proxy();
        Self {
            step,
            peer: host_and_port(uri),
            peer_is_proxy: proxy.is_some_and(|proxy| proxy.uri() == uri),
            is_direct: proxy.is_none() && !is_this_machine(uri),
            cause,
        }
    }
}

/// The host and port of a URL, without its user and password.
pub(super) fn host_and_port(uri: &Uri) -> String {
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    format!("{}:{port}", uri.host().unwrap_or_default())
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.step {
            Step::Resolve => "no address was found for",
            Step::Connect => "no connection to",
            Step::OpenTunnel => "no tunnel through",
            Step::Encrypt => "no TLS connection to",
        };
        let role = if self.peer_is_proxy { "the proxy" } else { "the server" };
        write!(f, "{what} {role} {}", self.peer)
    }
}

impl StdError for ConnectFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause.0)
    }
}

impl From<ConnectFailure> for ureq::Error {
    fn from(failure: ConnectFailure) -> Self {
        Self::Other(Box::new(failure))
    }
}

/// The cause of a failure. It is taken out of ureq's error, which has no `source`.
#[derive(Debug)]
pub(crate) struct Cause(Box<dyn StdError + Send + Sync>);

impl Cause {
    /// The error, or the error inside an I/O error, if it has this type.
    pub(crate) fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.0.downcast_ref().or_else(|| self.0.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref())
    }

    pub(crate) fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}

impl From<ureq::Error> for Cause {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Io(error) => Self(error.into()),
            ureq::Error::Rustls(error) => Self(error.into()),
            error => Self(error.into()),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        // The adapters of ureq wrap its own errors in I/O errors.
        ureq::Error::from(error).into()
    }
}

impl From<ProxyAnswer> for Cause {
    fn from(answer: ProxyAnswer) -> Self {
        Self(answer.into())
    }
}
