//! What carries a request and brings its reply.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::wire::http::{HttpRequest, HttpResponse};

/// An HTTP client, as far as this crate needs one.
///
/// # Duties
///
/// - Send the request as it is: its method, URL, headers and body, once.
/// - Return any reply, whatever its status, with its whole body decompressed. A body that ends early is a
///   [`TransportFailure`], not a shorter reply.
/// - Never follow a redirect: that would repeat the body's secrets to another place, or lose them.
/// - Bound the time and the size of a reply.
/// - Requests and replies hold secrets: keep them out of logs and errors.
/// - Say [`not_sent`](TransportFailure::not_sent) only where it is certain.
///
/// The crate `apptoken-transport-conformance` checks each of them.
pub trait Transport {
    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    ///
    /// A [`TransportFailure`] if no whole reply came.
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

/// A transport made of a closure.
///
/// # Examples
///
/// ```
/// use apptoken_core::{FnTransport, HttpResponse};
///
/// let always_busy = FnTransport::new(|_| Ok(HttpResponse::new(503, [("X-Me", "nobody")], Vec::new())));
/// # let _ = always_busy;
/// ```
pub struct FnTransport<F>(F);

impl<F: Fn(&HttpRequest) -> Result<HttpResponse, TransportFailure>> FnTransport<F> {
    /// Calls `send` for each request; it takes over the duties of a [`Transport`].
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

/// Why no reply came.
///
/// # Examples
///
/// ```
/// use apptoken_core::TransportFailure;
///
/// let failure = TransportFailure::not_sent("the certificate has expired")
///     .permanent()
///     .advise("renew the server's certificate, or set this machine's clock");
/// assert!(failure.is_not_sent() && failure.is_permanent());
/// ```
#[derive(Debug)]
pub struct TransportFailure {
    sent: bool,
    permanent: bool,
    advice: Option<Cow<'static, str>>,
    source: Box<dyn core::error::Error + Send + Sync>,
}

impl TransportFailure {
    /// The server certainly saw nothing of the request: connection refused, name not found, no TLS connection.
    ///
    /// Such a request is repeated where the policy allows, even one that changes something, so do not guess.
    pub fn not_sent(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::new(false, source.into())
    }

    /// The server may have seen the request: everything else.
    pub fn unknown(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::new(true, source.into())
    }

    fn new(sent: bool, source: Box<dyn core::error::Error + Send + Sync>) -> Self {
        Self { sent, permanent: false, advice: None, source }
    }

    /// Marks a failure that stays until somebody changes something, such as a certificate that is not trusted.
    ///
    /// No flow repeats such a request, and the error is not [transient](crate::Error::is_transient).
    #[must_use]
    pub fn permanent(self) -> Self {
        Self { permanent: true, ..self }
    }

    /// Sets what to do next, in one sentence without a secret; it becomes the [advice](crate::Error::advice) of the error.
    #[must_use]
    pub fn advise(self, advice: impl Into<Cow<'static, str>>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Whether the server certainly saw nothing of the request.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        !self.sent
    }

    /// Whether repeating the request is of no use until somebody changes something.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// What to do next, where the transport knows more than the kind of error says.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl From<TransportFailure> for Error {
    fn from(failure: TransportFailure) -> Self {
        let TransportFailure { sent, permanent, advice, source } = failure;
        let error = Self::new(if sent { ErrorKind::NoReply } else { ErrorKind::NotSent }).caused_by(source);
        let error = if permanent { error.permanent() } else { error };
        match advice {
            Some(advice) => error.advise(advice),
            None => error,
        }
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sent { "no reply came" } else { "the request was not sent" })
    }
}

impl core::error::Error for TransportFailure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&*self.source)
    }
}
