//! The duties of a [`Transport`], as a list of checks that any transport can be put to.
//!
//! Each check starts a server of its own on a free port of this machine, lets the transport send it a request, and looks at
//! both ends. No check sleeps or leaves this machine. Those named in [`run_essential`] are what the [`Transport`] trait
//! demands, so that a flow can rely on it; some fifteen lines over a common HTTP client can pass them. The others make a
//! transport quick and its failures precise.
//!
//! Time is left out, because no check can know how long a transport is willing to wait; see [`gives_up`].
//!
//! # Examples
//!
//! A test of a transport with sockets, as it stands in that transport's crate:
//!
//! ```no_run
//! # use apptoken_core::{FnTransport, TransportFailure};
//! # fn my_transport() -> impl apptoken_core::Transport {
//! #     FnTransport::new(|_| Err(TransportFailure::unknown("")))
//! # }
//! use apptoken_core::Endpoint;
//! use apptoken_transport_fake::conformance;
//!
//! conformance::assert_all(|_: &Endpoint| my_transport());
//! ```
//!
//! And of one without:
//!
//! ```
//! use apptoken_core::{FnTransport, HttpResponse};
//! use apptoken_transport_fake::conformance;
//!
//! let headers = [("X-Kaltura-Session", "2043510343, 1795230763")];
//! let transport = FnTransport::new(|_| Ok(HttpResponse::new(200, headers, b"{}".to_vec())));
//! conformance::run_without_socket(&transport).assert_passed();
//! ```

mod connections;
mod failures;
mod probe;
mod replies;
mod report;
mod sending;
mod server;
#[cfg(test)]
mod tests;
mod without_socket;

use apptoken_core::{Endpoint, HttpResponse, Transport, TransportFailure};

pub use report::Report;

type Build<'t> = dyn Fn(&Endpoint) -> Box<dyn Transport + 't> + 't;

/// What is wrong, if anything.
type Outcome = Result<(), String>;

struct Check {
    name: &'static str,
    run: fn(&Build<'_>) -> Outcome,
}

macro_rules! checks {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$(Check { name: stringify!($name), run: $module::$name }),*]
    };
}

const ESSENTIAL: &[Check] = checks![
    sending::sends_the_request_as_it_is,
    sending::sends_a_large_request_whole,
    replies::returns_any_status,
    replies::does_not_follow_redirects,
    replies::reads_a_body_of_given_length,
    replies::reads_a_body_in_chunks,
    replies::reads_a_body_up_to_the_close,
    replies::reads_an_empty_body,
    replies::decompresses_what_it_asked_for,
    replies::passes_headers_on,
    replies::bounds_the_size,
    failures::body_shorter_than_its_length_is_a_failure,
    failures::body_without_its_last_chunk_is_a_failure,
    failures::compressed_body_cut_short_is_a_failure,
    failures::head_cut_short_is_a_failure,
    failures::no_reply_is_a_failure,
    failures::garbage_is_a_failure,
    failures::reset_after_the_request_is_unknown,
    failures::reset_amid_the_request_is_unknown,
    failures::refused_connection_is_a_failure,
    failures::unknown_host_is_a_failure,
    connections::sends_no_request_twice,
    connections::sends_no_request_twice_on_a_used_connection,
];

const ADVISED: &[Check] = checks![
    failures::refused_connection_is_not_sent,
    connections::keeps_the_connection,
    connections::replaces_a_connection_that_the_server_closed,
];

/// Puts the transport that `build` makes for an endpoint to every check.
pub fn run_all<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL.iter().chain(ADVISED), build)
}

/// Puts the transport that `build` makes for an endpoint to the checks that no transport may fail.
pub fn run_essential<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL, build)
}

/// Fails the test, with the whole report, unless every check of [`run_all`] passes.
///
/// # Panics
///
/// If a check fails.
#[track_caller]
pub fn assert_all<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) {
    run_all(build).assert_passed();
}

/// Fails the test, with the whole report, unless every check of [`run_essential`] passes.
///
/// # Panics
///
/// If a check fails.
#[track_caller]
pub fn assert_essential<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) {
    run_essential(build).assert_passed();
}

/// Puts a transport that answers as Kaltura does, such as a fake, to the checks that need no socket.
pub fn run_without_socket(transport: &impl Transport) -> Report {
    without_socket::run(transport)
}

/// Checks that a transport does not wait for ever for a server that reads the request and says nothing.
///
/// Let `build` make a transport with a short time limit: the check takes that long. It never ends if there is no limit.
///
/// # Errors
///
/// What the transport did in place of an unknown failure.
pub fn gives_up<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Result<(), String> {
    failures::silence_is_unknown(&boxed(build))
}

fn run<'t, T: Transport + 't>(
    checks: impl IntoIterator<Item = &'static Check>,
    build: impl Fn(&Endpoint) -> T + 't,
) -> Report {
    let build = boxed(build);
    checks.into_iter().map(|check| (check.name, (check.run)(&build))).collect()
}

fn boxed<'t, T: Transport + 't>(
    build: impl Fn(&Endpoint) -> T + 't,
) -> impl Fn(&Endpoint) -> Box<dyn Transport + 't> + 't {
    move |endpoint| Box::new(build(endpoint))
}

fn expect_reply(
    result: Result<HttpResponse, TransportFailure>,
    status: u16,
    body: &[u8],
) -> Result<HttpResponse, String> {
    let reply =
        result.map_err(|failure| format!("a whole reply of status {status} became a failure: {}", cause(&failure)))?;
    if reply.status() != status {
        return Err(format!("a reply of status {status} came out with status {}", reply.status()));
    }
    if reply.body() != body {
        return Err(format!("a body of {} bytes came out with {} bytes, or changed", body.len(), reply.body().len()));
    }
    Ok(reply)
}

fn expect_failure(result: Result<HttpResponse, TransportFailure>) -> Result<TransportFailure, String> {
    match result {
        Ok(reply) => Err(format!("came out as a reply of status {} with {} bytes", reply.status(), reply.body().len())),
        Err(failure) => Ok(failure),
    }
}

/// Expects the failure of a request of which the server has read something.
fn expect_unknown(result: Result<HttpResponse, TransportFailure>) -> Outcome {
    let failure = expect_failure(result)?;
    if failure.is_not_sent() {
        return Err(format!("called not sent, though the server has read of it: {}", cause(&failure)));
    }
    Ok(())
}

fn cause(failure: &TransportFailure) -> String {
    std::error::Error::source(failure).map_or_else(String::new, ToString::to_string)
}
