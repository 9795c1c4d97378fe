//! Conformance checks for implementations of [`Transport`].
//!
//! Each check starts its own server on a free port of this machine, lets the transport send it a request, and inspects
//! both ends. No check sleeps or leaves this machine. The checks of [`check_essential`] are what the [`Transport`] trait
//! demands, so that a flow can rely on it; some fifteen lines over a common HTTP client can pass them. The others make a
//! transport quick and its failures precise.
//!
//! Time limits have a check of their own, [`check_time_limit`], because no other check can know how long a transport is
//! meant to wait.
//!
//! # Examples
//!
//! A test of a transport with sockets:
//!
//! ```no_run
//! # use apptoken_core::{FnTransport, TransportFailure};
//! # fn my_transport() -> impl apptoken_core::Transport {
//! #     FnTransport::new(|_| Err(TransportFailure::unknown("")))
//! # }
//! use apptoken_transport_conformance::check;
//!
//! check(|_| my_transport()).assert_passed();
//! ```
//!
//! And of one without:
//!
//! ```
//! use apptoken_core::{FnTransport, HttpResponse};
//! use apptoken_transport_conformance::check_without_socket;
//!
//! let headers = [("X-Kaltura-Session", "2043510343, 1795230763")];
//! let transport = FnTransport::new(|_| Ok(HttpResponse::new(200, headers, b"{}".to_vec())));
//! check_without_socket(&transport).assert_passed();
//! ```

mod connections;
mod expect;
mod failures;
mod list;
mod probe;
mod replies;
mod report;
mod sending;
mod server;
#[cfg(test)]
mod tests;
mod without_socket;

use apptoken_core::{Endpoint, Transport};

use crate::list::{ADVISED, Check, ESSENTIAL};
pub use crate::report::Report;

/// Runs every check that needs a socket on the transport that `build` makes for an endpoint.
pub fn check<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL.iter().chain(ADVISED), build)
}

/// Runs only the checks that no transport may fail.
pub fn check_essential<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL, build)
}

/// Runs the checks that need no socket, on a transport that answers as Kaltura does, such as a fake.
pub fn check_without_socket(transport: &impl Transport) -> Report {
    without_socket::run(transport)
}

/// Checks that a transport stops waiting for a server that reads the request and does not reply.
///
/// Let `build` make a transport with a short time limit: the check takes that long. It never ends if there is no limit.
///
/// # Errors
///
/// What the transport did instead of returning an unknown failure.
pub fn check_time_limit<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Result<(), String> {
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
