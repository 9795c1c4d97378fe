//! The store with real servers. Without `redis-server` on the path, each test says so and passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]
#![cfg(unix)]

mod access;
#[path = "../../examples/chaos/chaos.rs"]
mod chaos;
mod cluster;
mod conformance;
mod faults;
mod fleet;
mod forms;
mod proxy;
mod renewals;
mod servers;
mod support;
