//! HTTP requests and responses as plain values, for any HTTP client.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::value::time::{UnixSeconds, http_date};
use crate::value::wiped::WipedBytes;
use crate::wire::multipart::MultipartBody;

/// A request to send. It is a POST with a JSON body, or with a multipart body if its action has a file.
///
/// The body contains secrets and is wiped when dropped. The URL and the headers contain no secret and may be logged.
pub struct HttpRequest {
    url: String,
    content_type: Cow<'static, str>,
    body: WipedBytes,
}

impl HttpRequest {
    pub(crate) fn new(url: String, body: WipedBytes) -> Self {
        // The server parses a JSON body only if the header equals `application/json`. Otherwise it answers in XML that a
        // parameter is missing. Observed on release Venus-22.19.0 (`content_types.jsonl`).
        Self { url, content_type: Cow::Borrowed("application/json"), body }
    }

    pub(crate) fn with_file(url: String, body: MultipartBody) -> Self {
        let content_type = alloc::format!("multipart/form-data; boundary={}", body.boundary);
        Self { url, content_type: content_type.into(), body: body.bytes }
    }

    /// The HTTP method: `POST`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        "POST"
    }

    /// The absolute URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers to send without any change.
    ///
    /// Kaltura ignores a JSON body if `Content-Type` has any parameter, even a charset. The boundary in the `Content-Type` of
    /// a multipart body is needed to read it. The transport adds the host, the length, the user agent and the accepted
    /// encodings.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, &str); 2] {
        [("Content-Type", &self.content_type), ("Accept", "application/json")]
    }

    /// The body: JSON in UTF-8, or multipart.
    ///
    /// # Security
    ///
    /// It contains KS strings, token hashes or account secrets: do not log it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, content_type: _, body } = self;
        write!(f, "HttpRequest(POST {url}, body of {} bytes)", body.len())
    }
}

/// A response, with any status. Its body is wiped when dropped.
pub struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: WipedBytes,
}

impl HttpResponse {
    /// Creates a response from its status, headers and complete, decompressed body.
    ///
    /// Only the headers `X-Kaltura-Session`, `X-Me`, `X-Kaltura`, `Date`, `Location` and `Retry-After` are used; the others
    /// may be left out.
    #[must_use]
    pub fn new<N: Into<String>, V: Into<String>>(
        status: u16,
        headers: impl IntoIterator<Item = (N, V)>,
        body: Vec<u8>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { status, headers, body: body.into() }
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the first header with this name, ignoring case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The body.
    ///
    /// # Security
    ///
    /// It can contain KS strings and token values: do not log it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The server's time, from `X-Kaltura-Session: <id>, <unix time>`, or else from `Date`.
    #[must_use]
    pub fn server_time(&self) -> Option<UnixSeconds> {
        // Replies from the response cache have no `X-Kaltura-Session`, and `Date` may come from a proxy.
        let from_kaltura = self
            .header("X-Kaltura-Session")
            .and_then(|value| value.split_once(',')?.1.trim().parse().ok())
            .map(UnixSeconds);
        from_kaltura.or_else(|| http_date(self.header("Date")?))
    }

    /// How long to wait before another attempt, from the header `Retry-After` of status 429 or 503: seconds, or a date, which
    /// is relative to the reply's own `Date` (RFC 9110, section 10.2.3).
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let value = self.header("Retry-After").filter(|_| matches!(self.status, 429 | 503))?.trim();
        if value.bytes().all(|byte| byte.is_ascii_digit()) {
            return value.parse().ok().map(Duration::from_secs);
        }
        let seconds = http_date(value)?.seconds_since(http_date(self.header("Date")?)?);
        seconds.try_into().ok().map(Duration::from_secs)
    }

    /// The request's number and the server's host name, for Kaltura's support.
    pub(crate) fn request_id(&self) -> Option<String> {
        let number = self.header("X-Kaltura-Session").and_then(|value| value.split(',').next());
        let number = number
            .filter(|text| !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()));
        let host = self.header("X-Me").filter(|text| is_host_name(text));
        match (number, host) {
            (Some(number), Some(host)) => Some(alloc::format!("{number} at {host}")),
            (Some(number), None) => Some(number.into()),
            (None, Some(host)) => Some(alloc::format!("at {host}")),
            (None, None) => None,
        }
    }
}

/// The labels of a host name are short, so a KS or a token that a server returns here by mistake is not accepted.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=28).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 64 && text.split('.').all(is_label)
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers: _, body } = self;
        write!(f, "HttpResponse({status}, body of {} bytes)", body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn debug_shows_no_body_and_no_header() {
        let request =
            HttpRequest::new("https://www.kaltura.com/api_v3/".into(), b"{\"ks\":\"SECRET\"}".to_vec().into());
        assert_eq!(format!("{request:?}"), "HttpRequest(POST https://www.kaltura.com/api_v3/, body of 15 bytes)");
        let reply = HttpResponse::new(200, [("X-Kaltura-App", "SECRET")], b"SECRET".to_vec());
        assert_eq!(format!("{reply:?}"), "HttpResponse(200, body of 6 bytes)");
    }

    #[test]
    fn server_time_prefers_kalturas_own_header() {
        let with = |headers: &[(&str, &str)]| HttpResponse::new(200, headers.iter().copied(), Vec::new()).server_time();
        let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(with(&[date, ("x-kaltura-session", "2043510343, 1795230763")]), Some(UnixSeconds(1_795_230_763)));
        assert_eq!(with(&[date, ("x-kaltura-session", "garbage")]), Some(UnixSeconds(784_111_777)));
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn request_id_contains_only_numbers_and_host_names() {
        let with = |headers: &[(&str, &str)]| HttpResponse::new(200, headers.iter().copied(), Vec::new()).request_id();
        assert_eq!(
            with(&[("X-Kaltura-Session", "2043510343, 1795230763"), ("X-Me", "api-7.kaltura")]).unwrap(),
            "2043510343 at api-7.kaltura"
        );
        assert_eq!(with(&[("X-Kaltura-Session", "djJ8, 1"), ("X-Me", "a b")]), None);
        let digits = |count| "1".repeat(count);
        assert_eq!(with(&[("X-Kaltura-Session", &digits(20))]), Some(digits(20)));
        assert_eq!(with(&[("X-Kaltura-Session", &digits(21)), ("X-Me", "")]), None);
        assert_eq!(with(&[("X-Kaltura-Session", ", 1795230763")]), None);
        let host = |last| format!("{0}.{0}.{last}", "a".repeat(28));
        assert_eq!(with(&[("X-Me", &host("123456"))]), Some(format!("at {}", host("123456"))));
        assert_eq!(with(&[("X-Me", &host("1234567"))]), None);
        assert_eq!(with(&[("X-Me", &"a".repeat(29))]), None);
    }
}
