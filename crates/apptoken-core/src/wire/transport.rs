//! The HTTP client that sends a request and returns its response.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::wire::http::{HttpRequest, HttpResponse};

/// The interface that this crate needs from an HTTP client.
///
/// # Requirements
///
/// - Send the request exactly once, with its method, URL, headers and body unchanged.
/// - Return every response, whatever its status, with its complete body decompressed. A body that ends early is a
///   [`TransportFailure`], not a shorter response.
/// - Never follow a redirect: that would send the body's secrets to another host, or lose the body.
/// - Limit the time and the size of a response.
/// - Keep requests and responses out of logs and errors, because they contain secrets.
/// - Report [`not_sent`](TransportFailure::not_sent) only if it is certain.
///
/// The crate `apptoken-transport-conformance` checks each of these requirements.
pub trait Transport {
    /// Sends a request and waits for its response.
    ///
    /// # Errors
    ///
    /// A [`TransportFailure`] if no complete response arrived.
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }
}

/// A transport that calls a closure.
///
/// # Examples
///
/// ```
/// use apptoken_core::{FnTransport, HttpResponse};
///
/// let unavailable = FnTransport::new(|_| Ok(HttpResponse::new(503, [("X-Me", "host")], Vec::new())));
/// # let _ = unavailable;
/// ```
pub struct FnTransport<F>(F);

impl<F: Fn(&HttpRequest) -> Result<HttpResponse, TransportFailure>> FnTransport<F> {
    /// Calls `send` for each request. The closure must meet the requirements of a [`Transport`].
    pub fn new(send: F) -> Self {
        Self(send)
    }
}

impl<F: Fn(&HttpRequest) -> Result<HttpResponse, TransportFailure>> Transport for FnTransport<F> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (self.0)(request)
    }
}

impl<F> fmt::Debug for FnTransport<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnTransport")
    }
}

/// Why no complete response arrived.
#[derive(Debug)]
pub struct TransportFailure {
    sent: bool,
    source: Box<dyn core::error::Error + Send + Sync>,
}

impl TransportFailure {
    /// The server certainly received nothing of the request: connection refused, name not found, address unusable.
    ///
    /// The retry policy may repeat such a request even if it changes something, so use this only if it is certain.
    pub fn not_sent(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self { sent: false, source: source.into() }
    }

    /// The server may have received the request: every other failure.
    pub fn unknown(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self { sent: true, source: source.into() }
    }

    /// Whether the server certainly received nothing of the request.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        !self.sent
    }

    pub(crate) fn into_error(self) -> Error {
        Error::new(if self.sent { ErrorKind::NoReply } else { ErrorKind::NotSent }).caused_by(self.source)
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sent { "no complete reply arrived" } else { "the request was not sent" })
    }
}

impl core::error::Error for TransportFailure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&*self.source)
    }
}
