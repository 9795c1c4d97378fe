//! The headers of the server's replies, as recorded from Venus-22.19.0.

use crate::error::ApiError;
use crate::wire::reply::{WireReply, http_date};

/// The host name in the header X-Me.
const HOST_NAME: &str = "fake";

/// The past date that the server sends so that no HTTP cache stores a reply.
const LONG_AGO: &str = "Sun, 19 Nov 2000 08:52:00 GMT";

/// The content type that PHP sends if the server sets none.
pub(super) const HTML: &str = "text/html; charset=UTF-8";

/// A reply with the headers that all API replies have. `number` is the request number; cached replies have none.
pub(super) fn of_api(time: i64, number: Option<i32>) -> WireReply {
    let mut reply =
        WireReply::new(200).with_header("Date", http_date(time)).with_header("Server", "Apache").with_header(
            "Access-Control-Expose-Headers",
            "Server, Content-Length, Content-Range, Date, X-Kaltura, X-Kaltura-Session, X-Me",
        );
    if let Some(number) = number {
        reply = reply.with_header("X-Kaltura-Session", format!("{number}, {time}"));
    }
    reply.with_header("X-Me", HOST_NAME)
}

/// Adds the headers that prevent HTTP caching.
pub(super) fn no_store(reply: WireReply) -> WireReply {
    reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Expires", LONG_AGO)
        .with_header("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
        .with_header("Pragma", "no-cache")
}

/// Adds the headers that allow HTTP caching for a minute. The server sends them only for a GET request with `kalsig`
/// whose reply comes from its response cache.
pub(super) fn store_for_a_minute(reply: WireReply, now: i64, stored_at: i64) -> WireReply {
    reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Cache-Control", "private, max-age=60, max-stale=0")
        .with_header("Expires", http_date(now + 60))
        .with_header("Last-Modified", http_date(stored_at))
}

/// The value of X-Kaltura for a reply from the response cache.
pub(super) fn from_cache(key: &str) -> String {
    format!("cached-dispatcher,{key},0.0001")
}

/// The value of X-Kaltura-App for an error before the action runs.
pub(super) fn exiting(error: &ApiError) -> String {
    format!("exiting on error {} - {}", error.code, error.message())
}

/// Adds the charset to a text type, as PHP does. So XML is sent as `text/xml;charset=UTF-8`, but JSON has no charset.
pub(super) fn with_charset(content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    if lower.starts_with("text/") && !lower.contains("charset=") {
        format!("{content_type};charset=UTF-8")
    } else {
        content_type.to_owned()
    }
}
