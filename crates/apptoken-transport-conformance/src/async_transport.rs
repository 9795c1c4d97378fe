use std::fmt;
use std::pin::Pin;

use apptoken_core::{HttpRequest, HttpResponse, Transport, TransportFailure};

/// What an async transport returns for one request.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportFailure>> + 'a>>;

/// An async function that sends a request, as a [`Transport`] that blocks until its future is ready.
///
/// It is for the checks: [`check`](crate::check), [`check_essential`](crate::check_essential) and
/// [`check_time_limit`](crate::check_time_limit) then run as for any transport. The caller says how to block on a future, so
/// that its runtime drives the client's connections. A runtime with threads also drives those that are idle, for instance to
/// notice that the server closed one.
///
/// # Examples
///
/// ```no_run
/// use apptoken_core::{HttpRequest, HttpResponse, TransportFailure};
/// use apptoken_transport_conformance::{AsyncTransport, check_essential};
///
/// # struct Client;
/// # struct Runtime;
/// # impl Runtime { fn block_on<F: Future>(&self, _: F) -> F::Output { unimplemented!() } }
/// # let (client, runtime) = (Client, Runtime);
/// async fn send(client: &Client, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
///     // The program's own HTTP client.
/// #   let _ = (client, request);
/// #   Err(TransportFailure::unknown(""))
/// }
///
/// check_essential(|_| {
///     AsyncTransport::new(async |request: &HttpRequest| send(&client, request).await, |future| runtime.block_on(future))
/// })
/// .assert_passed();
/// ```
pub struct AsyncTransport<S, B> {
    send: S,
    block_on: B,
}

impl<S, B> AsyncTransport<S, B>
where
    S: AsyncFn(&HttpRequest) -> Result<HttpResponse, TransportFailure>,
    B: Fn(SendFuture<'_>) -> Result<HttpResponse, TransportFailure>,
{
    /// A transport that sends with `send` and waits with `block_on`.
    pub fn new(send: S, block_on: B) -> Self {
        Self { send, block_on }
    }
}

impl<S, B> Transport for AsyncTransport<S, B>
where
    S: AsyncFn(&HttpRequest) -> Result<HttpResponse, TransportFailure>,
    B: Fn(SendFuture<'_>) -> Result<HttpResponse, TransportFailure>,
{
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        (self.block_on)(Box::pin((self.send)(request)))
    }
}

impl<S, B> fmt::Debug for AsyncTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncTransport")
    }
}
