//! Conformance checks for implementations of [`Transport`].
//!
//! Each check starts a server on a free loopback port, lets the transport send a request, and inspects what the server
//! received and what the transport returned. No check sleeps or uses another network. [`check_essential`] checks the
//! requirements of the [`Transport`] trait, which flows rely on; about fifteen lines over a common HTTP client can pass
//! it. [`check`] also checks that a transport is efficient and its failures are precise.
//!
//! A check in which the transport panics fails; the others still run.
//!
//! Time limits have a separate check, [`check_time_limit`], because the other checks cannot know how long a transport
//! should wait.
//!
//! # Examples
//!
//! Test of a transport that opens sockets:
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
//! Test of an async client: [`AsyncTransport`].
//!
//! Test of a transport without sockets:
//!
//! ```
//! use apptoken_core::{FnTransport, HttpResponse};
//! use apptoken_transport_conformance::check_without_socket;
//!
//! let headers = [("X-Kaltura-Session", "2043510343, 1795230763")];
//! let transport = FnTransport::new(|_| Ok(HttpResponse::new(200, headers, b"{}".to_vec())));
//! check_without_socket(&transport).assert_passed();
//! ```

mod async_transport;
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

use std::panic::{AssertUnwindSafe, catch_unwind};

use apptoken_core::{Endpoint, Transport};

pub use crate::async_transport::{AsyncTransport, SendFuture};
use crate::list::{Check, ESSENTIAL, RECOMMENDED};
pub use crate::report::Report;

/// Runs all checks on the transport that `build` returns for an endpoint.
pub fn check<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL.iter().chain(RECOMMENDED), build)
}

/// Runs only the checks that every transport must pass.
pub fn check_essential<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Report {
    run(ESSENTIAL, build)
}

/// Runs the checks for a transport without sockets that replies as Kaltura does, such as a fake.
pub fn check_without_socket(transport: &impl Transport) -> Report {
    without_socket::run(transport)
}

/// Checks that a transport stops waiting for a server that reads the request and does not reply.
///
/// Let `build` return a transport with a short time limit, because the check takes that long. Without a limit it never
/// ends.
///
/// # Errors
///
/// A description of what the transport did instead of returning an unknown failure.
pub fn check_time_limit<'t, T: Transport + 't>(build: impl Fn(&Endpoint) -> T + 't) -> Result<(), String> {
    failures::silence_is_unknown(&boxed(build))
}

fn run<'t, T: Transport + 't>(
    checks: impl IntoIterator<Item = &'static Check>,
    build: impl Fn(&Endpoint) -> T + 't,
) -> Report {
    let build = boxed(build);
    let run =
        |check: &Check| catch_unwind(AssertUnwindSafe(|| (check.run)(&build))).unwrap_or_else(|_| Err(PANICKED.into()));
    checks.into_iter().map(|check| (check.name, run(check))).collect()
}

const PANICKED: &str = "the transport panicked";

fn boxed<'t, T: Transport + 't>(
    build: impl Fn(&Endpoint) -> T + 't,
) -> impl Fn(&Endpoint) -> Box<dyn Transport + 't> + 't {
    move |endpoint| Box::new(build(endpoint))
}
