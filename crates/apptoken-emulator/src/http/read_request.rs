//! Reads a request within the limits.

use std::sync::Arc;

use apptoken_transport_fake::WireRequest;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::body::ReplyBody;
use crate::Limits;

/// The maximum body size of a small request. A small request never waits for memory, and can be handled on the thread
/// that serves all connections.
pub(super) const SMALL_BODY: usize = 16 << 10;

/// A request, with the permit for the memory of its body.
#[derive(Debug)]
pub(super) struct ReceivedRequest {
    pub(super) request: WireRequest,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Reads a complete request.
///
/// # Errors
///
/// The reply of a web server to a request that it does not pass to an application.
pub(super) async fn read(
    request: Request<Incoming>,
    limits: &Limits,
    memory: &BodyMemory,
) -> Result<ReceivedRequest, Refusal> {
    let (head, body) = request.into_parts();
    if head.method == Method::CONNECT || head.method == Method::TRACE {
        return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED));
    }
    let target = target(&head.uri);
    if target.len() > limits.target_bytes {
        return Err(Refusal(StatusCode::URI_TOO_LONG));
    }
    let limit = if is_upload(&target, &head.headers) { limits.upload_bytes } else { limits.body_bytes };
    if body.size_hint().lower() > limit as u64 {
        return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let body = timeout(limits.body_time, read_body(body, limit, memory));
    let (body, memory) = body.await.map_err(|_| Refusal(StatusCode::REQUEST_TIMEOUT))??;
    let (method, headers) = (head.method.as_str().to_owned(), headers(&head.headers));
    Ok(ReceivedRequest { request: WireRequest { method, target, headers, body }, _memory: memory })
}

/// Allocates memory for bytes that have arrived, not for the declared length, which costs a client nothing.
async fn read_body(
    mut body: Incoming,
    limit: usize,
    memory: &BodyMemory,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
    let (mut bytes, mut taken) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal(StatusCode::BAD_REQUEST))?;
        // Ignore trailers.
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len().saturating_add(data.len());
        if length > limit {
            return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
        }
        memory.take(length, &mut taken).await;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, taken))
}

/// The memory that all bodies larger than [`SMALL_BODY`] share.
#[derive(Debug)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

impl BodyMemory {
    /// The maximum for all bodies together, unless the limit for one body is larger.
    const BYTES: usize = 128 << 20;

    /// The allocation unit.
    const PIECE: usize = 64 << 10;

    pub(crate) fn for_bodies_up_to(limit: usize) -> Self {
        let pieces = Self::BYTES.max(limit).div_ceil(Self::PIECE);
        Self(Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))))
    }

    /// Waits until there is memory for a body of this length. `taken` is the permit for its earlier part.
    async fn take(&self, length: usize, taken: &mut Option<OwnedSemaphorePermit>) {
        let before = taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let pieces = length.saturating_sub(SMALL_BODY).div_ceil(Self::PIECE).saturating_sub(before);
        let Some(more) = u32::try_from(pieces).ok().filter(|more| *more > 0) else { return };
        // The semaphore is never closed.
        let Ok(more) = Arc::clone(&self.0).acquire_many_owned(more).await else { return };
        match taken {
            Some(taken) => taken.merge(more),
            None => *taken = Some(more),
        }
    }
}

fn target(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string)
}

/// Whether a request brings a file. Official clients send pieces of 10 MB, and some whole files.
fn is_upload(target: &str, headers: &HeaderMap) -> bool {
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"multipart/form-data"));
    is_form && target.to_ascii_lowercase().contains("service/uploadtoken/action/upload")
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// A reply of the web server itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) StatusCode);

impl Refusal {
    /// Builds the reply. The connection is closed after it, because the rest of the request is not read.
    pub(super) fn into_response(self) -> Response<ReplyBody> {
        let reason = self.0.canonical_reason().unwrap_or_default();
        let mut response = Response::new(ReplyBody::whole(format!("{reason}\n")));
        *response.status_mut() = self.0;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
