//! Reads a request, within the limits.

use apptoken_transport_fake::WireRequest;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::body::ReplyBody;
use crate::Limits;

/// Bodies of up to this size are read without waiting for a place.
pub(super) const SMALL_BODY: u64 = 64 << 10;

/// Reads a whole request.
///
/// # Errors
///
/// What a web server answers before any application sees the request.
pub(super) async fn read(
    request: Request<Incoming>,
    limits: &Limits,
    large_bodies: &Semaphore,
) -> Result<WireRequest, Refusal> {
    let (head, body) = request.into_parts();
    if head.method == Method::CONNECT || head.method == Method::TRACE {
        return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED));
    }
    let target = target(&head.uri);
    if target.len() > limits.target_bytes {
        return Err(Refusal(StatusCode::URI_TOO_LONG));
    }
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let body = timeout(limits.body_time, read_body(body, limits.body_bytes, large_bodies));
    let body = body.await.map_err(|_| Refusal(StatusCode::REQUEST_TIMEOUT))??;
    Ok(WireRequest {
        method: head.method.as_str().to_owned(),
        target,
        headers: headers(&head.headers),
        body: body.into(),
    })
}

async fn read_body(body: Incoming, limit: usize, large_bodies: &Semaphore) -> Result<Bytes, Refusal> {
    let is_small = body.size_hint().upper().is_some_and(|length| length <= SMALL_BODY);
    let _place = match is_small {
        true => None,
        // The semaphore is never closed.
        false => large_bodies.acquire().await.ok(),
    };
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(Refusal(StatusCode::BAD_REQUEST)),
    }
}

fn target(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string)
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// An answer of the web server itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) StatusCode);

impl Refusal {
    /// The answer, after which the connection is closed: what is left of the request is not read.
    pub(super) fn into_response(self) -> Response<ReplyBody> {
        let reason = self.0.canonical_reason().unwrap_or_default();
        let mut response = Response::new(ReplyBody::whole(format!("{reason}\n")));
        *response.status_mut() = self.0;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
