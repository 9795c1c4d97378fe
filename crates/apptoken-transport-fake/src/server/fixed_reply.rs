//! Replies for requests that run no action.

use crate::error::ApiError;
use crate::server::headers::{HTML, exiting, no_store, of_api};
use crate::server::logged_reply::LoggedReply;
use crate::wire::reply::{WireReply, http_date};
use crate::wire::route::Route;

/// The reply to an unknown `format`, and that of an action without its file: status 200, an empty body, and the error only
/// in the headers.
pub(super) fn error_in_header(error: &ApiError, time: i64, number: i32) -> LoggedReply {
    let wire = of_api(time, Some(number))
        .with_header("X-Kaltura", format!("error- {}", error.code))
        .with_header("X-Kaltura-App", exiting(error))
        .with_header("Content-Type", HTML);
    LoggedReply { wire: no_store(wire), outcome: error.code.clone().into() }
}

/// The reply after a fatal PHP error: status 500 with an empty body.
pub(super) fn crash(time: i64) -> LoggedReply {
    let wire = WireReply { status: 500, ..of_api(time, None) };
    LoggedReply::of_status(no_store(wire.with_header("Content-Type", HTML)))
}

/// The reply to a CORS preflight, which is any OPTIONS request.
pub(super) fn preflight(time: i64) -> LoggedReply {
    let wire = of_api(time, None)
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header(
            "Access-Control-Allow-Headers",
            "Origin, X-Requested-With, Content-Type, Accept, Range, Cache-Control",
        )
        .with_header("Access-Control-Allow-Methods", "POST, GET, HEAD, OPTIONS")
        .with_header("Access-Control-Max-Age", "86400")
        .with_header("Content-Type", HTML);
    LoggedReply::ok(wire)
}

/// The reply of the web server for a path outside the API.
pub(super) fn web_page(route: &Route, target: &str, time: i64) -> LoggedReply {
    LoggedReply::of_status(match route {
        Route::AddSlash => {
            let query = target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
            page(301, "Moved Permanently", time).with_header("Location", format!("/api_v3/{query}"))
        }
        Route::BadRequest => page(400, "Bad Request", time),
        Route::NotFound | Route::Api { .. } => page(404, "Not Found", time),
    })
}

fn page(status: u16, title: &str, time: i64) -> WireReply {
    let body = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {title}</title>\n</head><body>\n<h1>{title}</h1>\n</body></html>\n"
    );
    WireReply::new(status)
        .with_header("Date", http_date(time))
        .with_header("Server", "Apache")
        .with_header("Content-Type", "text/html; charset=iso-8859-1")
        .with_body(body)
}
