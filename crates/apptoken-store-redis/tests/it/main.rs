//! The store with real servers. Without `redis-server` on the path, each test says so and passes.
#![cfg(unix)]

mod access;
#[path = "../../examples/chaos/chaos.rs"]
mod chaos;
mod conformance;
mod faults;
mod fleet;
mod forms;
mod proxy;
mod renewals;
mod servers;
mod support;
