//! Tests of the facade's public API, against the fake server and over loopback HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![cfg(feature = "ureq")]

mod administration;
mod builder;
mod canary;
mod client;
mod outside_text;
mod provider;
mod set_up;
