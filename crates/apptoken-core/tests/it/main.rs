//! Tests of the core through its public API, with recordings of a real server and with random replies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod codes;
mod dependencies;
mod errors;
mod flows;
mod garbage;
mod hostile_times;
mod layers;
mod login;
mod login_many;
mod pages;
mod recorded;
mod retry_after;
mod set_up;
mod stores;
mod support;
mod text_forms;
