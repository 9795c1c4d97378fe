//! Tests of the ureq transport over real connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agents;
mod conformance;
mod deadlines;
mod failures;
mod logs;
mod proxies;
mod replies;
mod situations;
mod stops;
mod support;
mod timeouts;
mod tls;
mod wire;
