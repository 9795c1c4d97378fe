//! Reads a request within the limits.

use apptoken_transport_fake::{ParsedRequest, StreamedFile, UploadForm, WireRequest};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::sync::OwnedSemaphorePermit;

use super::body::ReplyBody;
use super::read_body::{self, BodyMemory, ReceivedBody, SMALL_BODY};
use crate::Limits;

/// A request, with the permit for the memory of its body.
#[derive(Debug)]
pub(super) struct ReceivedRequest {
    pub(super) request: WireRequest,
    /// The file of a streamed upload, which is not in the body.
    file: Option<StreamedFile>,
    _memory: Option<OwnedSemaphorePermit>,
}

impl ReceivedRequest {
    /// Whether it can be handled on a thread that serves connections.
    pub(super) fn is_small(&self) -> bool {
        self.request.body.len() <= SMALL_BODY && self.file.is_none()
    }

    pub(super) fn parse(&self) -> ParsedRequest<'_> {
        match &self.file {
            Some(file) => self.request.parse_upload(file),
            None => self.request.parse(),
        }
    }
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
    let upload = upload_form(&target, &head.headers);
    let ReceivedBody { bytes: body, file, memory } = read_body::read(body, upload, limits, memory).await?;
    let (method, headers) = (head.method.as_str().to_owned(), headers(&head.headers));
    Ok(ReceivedRequest { request: WireRequest { method, target, headers, body }, file, _memory: memory })
}

fn target(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.to_string(), |target| target.as_str().to_owned())
}

/// The form of a request that brings a file. Official clients send pieces of 10 MB, and some whole files.
fn upload_form(target: &str, headers: &HeaderMap) -> Option<UploadForm> {
    const FORM: &str = "multipart/form-data";
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_form = kind.get(..FORM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM));
    let is_upload = is_form && target.to_ascii_lowercase().contains("service/uploadtoken/action/upload");
    is_upload.then(|| UploadForm::new(kind))?
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
