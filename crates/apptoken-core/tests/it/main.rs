//! Tests of the core through its public API, with recordings of a real server and with random replies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod dependencies;
mod errors;
mod flows;
mod garbage;
mod login;
mod recorded;
mod support;
