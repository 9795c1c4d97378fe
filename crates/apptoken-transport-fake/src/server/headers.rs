//! The headers of the server's replies.

use crate::error::ApiError;
use crate::wire::reply::{WireReply, http_date};

/// The name that the server gives itself in the header X-Me.
const HOST_NAME: &str = "fake";

/// A time long ago: nothing may be kept by caches on the way.
const LONG_AGO: &str = "Sun, 19 Nov 2000 08:52:00 GMT";

/// The content type of what PHP writes without declaring one.
pub(super) const HTML: &str = "text/html; charset=UTF-8";

/// What every reply of the API has; `number` is that of a request that reached the API.
pub(super) fn of_api(time: i64, number: Option<i32>) -> WireReply {
    let mut reply =
        WireReply::new(200).with_header("Date", &http_date(time)).with_header("Server", "Apache").with_header(
            "Access-Control-Expose-Headers",
            "Server, Content-Length, Content-Range, Date, X-Kaltura, X-Kaltura-Session, X-Me",
        );
    if let Some(number) = number {
        reply = reply.with_header("X-Kaltura-Session", &format!("{number}, {time}"));
    }
    reply.with_header("X-Me", HOST_NAME)
}

/// Adds the headers that keep caches from keeping a reply.
pub(super) fn no_store(reply: WireReply) -> WireReply {
    reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Expires", LONG_AGO)
        .with_header("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
        .with_header("Pragma", "no-cache")
}

/// Adds the headers that let a browser's cache keep a signed request's reply for a minute.
pub(super) fn store_for_a_minute(reply: WireReply, now: i64, stored_at: i64) -> WireReply {
    reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Cache-Control", "private, max-age=60, max-stale=0")
        .with_header("Expires", &http_date(now + 60))
        .with_header("Last-Modified", &http_date(stored_at))
}

/// The value of X-Kaltura for a reply that comes from the cache.
pub(super) fn from_cache(key: &str) -> String {
    format!("cached-dispatcher,{key},0.0001")
}

/// The value of X-Kaltura-App for an error that ends the server's work early.
pub(super) fn exiting(error: &ApiError) -> String {
    format!("exiting on error {} - {}", error.code, error.message())
}

/// The content type with the charset that PHP adds to text.
pub(super) fn with_charset(content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    if lower.starts_with("text/") && !lower.contains("charset=") {
        format!("{content_type};charset=UTF-8")
    } else {
        content_type.to_owned()
    }
}
