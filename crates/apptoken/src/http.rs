//! Conversions to and from the types of the [`http`](https://docs.rs/http/1) crate, version 1, which many HTTP clients share.
//!
//! # Examples
//!
//! ```
//! use apptoken::{HttpRequest, HttpResponse, TransportFailure};
//!
//! # fn send_with_my_client(_: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, std::io::Error> {
//! #     Ok(http::Response::new(Vec::new()))
//! # }
//! fn send(request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
//!     let request = apptoken::http::request(request).map_err(TransportFailure::not_sent)?;
//!     let reply = send_with_my_client(request).map_err(TransportFailure::unknown)?;
//!     Ok(apptoken::http::response(reply))
//! }
//! ```

use apptoken_core::{HttpRequest, HttpResponse};
use http::{Error, Request, Response};

/// Converts a request, with a copy of its body.
///
/// # Errors
///
/// [`Error`] if the `http` crate refuses the URL, for instance because it is longer than 65,534 bytes.
pub fn request(request: &HttpRequest) -> Result<Request<Vec<u8>>, Error> {
    let builder = Request::builder().method(request.method()).uri(request.url());
    let builder = request.headers().iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(request.body().to_vec())
}

/// Converts a reply whose body was read whole. Headers that are not text are left out.
#[must_use]
pub fn response(response: Response<impl Into<Vec<u8>>>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    HttpResponse::new(head.status.as_u16(), headers, body.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use apptoken_core::api::session::StartWidgetSession;
    use apptoken_core::{Call, Moment, PartnerId, Region, UnixSeconds};

    #[test]
    fn a_request_keeps_its_parts() {
        let now = Moment { wall: UnixSeconds(0), elapsed: std::time::Duration::ZERO };
        let call = Call::new(Region::Ireland.into(), StartWidgetSession::of(PartnerId::new(101).unwrap()));
        let exchange = call.start(now).unwrap();
        let ours = exchange.request();
        let theirs = request(ours).unwrap();
        assert_eq!((theirs.method().as_str(), theirs.uri().to_string()), (ours.method(), ours.url().to_owned()));
        let headers: Vec<_> =
            theirs.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let expected: Vec<_> = ours.headers().iter().map(|(name, value)| (name.to_lowercase(), *value)).collect();
        assert_eq!(headers.len(), expected.len());
        for (name, value) in &expected {
            assert!(headers.contains(&(name, value)), "{name}");
        }
        assert_eq!(theirs.body(), ours.body());
    }

    #[test]
    fn a_reply_keeps_status_headers_and_body() {
        let reply = Response::builder().status(503).header("Retry-After", "7").header("X-Me", &b"\xff"[..]);
        let ours = response(reply.body(b"{}".to_vec()).unwrap());
        assert_eq!((ours.status(), ours.header("retry-after"), ours.body()), (503, Some("7"), &b"{}"[..]));
        assert_eq!(ours.header("X-Me"), None);
    }
}
