//! The HTTP client that sends a request and returns its response.

use alloc::borrow::Cow;
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
/// - Limit the time and the size of a response. No flow accepts a body of more than 8 MiB.
/// - Keep requests and responses out of logs and errors, because they contain secrets.
/// - Report [`not_sent`](TransportFailure::not_sent) only if it is certain.
///
/// The crate `apptoken-transport-conformance` checks each of these requirements.
///
/// A transport may panic. It may call a provider that uses it, which then returns the present session or an error. It must
/// not wait for another thread that waits for the same provider.
pub trait Transport {
    /// Sends a request and waits for its response.
    ///
    /// # Errors
    ///
    /// A [`TransportFailure`] if no complete response arrived.
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure>;

    /// Ends all running calls soon, and lets later calls fail at once, because the program stops. It cannot be undone.
    ///
    /// The failures should be [permanent](TransportFailure::permanent). By default it does nothing, so running calls end at
    /// their own time limits.
    fn stop(&self) {}
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }

    fn stop(&self) {
        (**self).stop();
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }

    fn stop(&self) {
        (**self).stop();
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (**self).send(request)
    }

    fn stop(&self) {
        (**self).stop();
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
    /// The server certainly received nothing of the request: connection refused, name not found, no TLS connection.
    ///
    /// The retry policy may repeat such a request even if it changes something, so use this only if it is certain.
    pub fn not_sent(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::new(false, source.into())
    }

    /// The server may have received the request: every other failure.
    pub fn unknown(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::new(true, source.into())
    }

    fn new(sent: bool, source: Box<dyn core::error::Error + Send + Sync>) -> Self {
        Self { sent, permanent: false, advice: None, source }
    }

    /// Marks the failure as permanent: it remains until someone changes something, such as an untrusted certificate.
    ///
    /// No flow repeats the request, and the error is not [transient](crate::Error::is_transient).
    #[must_use]
    pub fn permanent(self) -> Self {
        Self { permanent: true, ..self }
    }

    /// Sets what to do next, in one sentence without a secret. It becomes the [advice](crate::Error::advice) of the error.
    #[must_use]
    pub fn advise(self, advice: impl Into<Cow<'static, str>>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Whether the server certainly received nothing of the request.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        !self.sent
    }

    /// Whether the failure is permanent: repeating the request does not help until someone changes something.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// What to do next, if the transport knows more than the kind of the error says.
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
        f.write_str(if self.sent { "no complete reply arrived" } else { "the request was not sent" })
    }
}

impl core::error::Error for TransportFailure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_failure_says_whether_the_request_was_sent() {
        assert_eq!(TransportFailure::not_sent("x").to_string(), "the request was not sent");
        assert_eq!(TransportFailure::unknown("x").to_string(), "no complete reply arrived");
    }

    #[test]
    fn a_failure_keeps_what_the_transport_knows_of_it() {
        let failure = TransportFailure::not_sent("the cause");
        assert!(failure.is_not_sent() && !failure.is_permanent());
        assert_eq!(
            (failure.advice(), &*core::error::Error::source(&failure).unwrap().to_string()),
            (None, "the cause")
        );
        let failure = TransportFailure::unknown("x").permanent().advise("do that");
        assert!(!failure.is_not_sent() && failure.is_permanent());
        assert_eq!(failure.advice(), Some("do that"));
    }

    #[test]
    fn a_shared_transport_is_stopped() {
        #[derive(Default)]
        struct Stops(core::sync::atomic::AtomicU32);

        impl Transport for Stops {
            fn send(&self, _: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
                Err(TransportFailure::not_sent("x"))
            }

            fn stop(&self) {
                self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
            }
        }

        fn stop(transport: impl Transport) {
            transport.stop();
        }

        let transport = Arc::new(Stops::default());
        stop(&*transport);
        stop(Arc::clone(&transport));
        stop(Box::new(Arc::clone(&transport)));
        assert_eq!(transport.0.load(core::sync::atomic::Ordering::Relaxed), 3);
    }
}
