//! Compares the fake with recorded replies of a real server, and checks its own guarantees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod arbitrary;
mod client;
mod conformance;
mod every_action;
mod explain;
mod faults;
mod objects;
mod permissions;
mod reference_model;
mod repeatable;
mod response_cache;
mod scenarios;
mod secrets;
mod sessions;
mod tables;
mod test_access;
mod user_model;
