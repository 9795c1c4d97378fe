//! The fake against what a real Kaltura server was recorded to answer, and against itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod arbitrary;
mod client;
mod conformance;
mod faults;
mod permissions;
mod reference_model;
mod repeatable;
mod scenarios;
mod secrets;
mod sessions;
mod tables;
