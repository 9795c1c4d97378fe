//! Runs the program against an emulator, as a person or a script does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod administration;
mod call;
mod config;
mod doctor;
mod exec;
mod hash;
mod help;
#[cfg(all(feature = "keyring", target_os = "linux"))]
mod keyring;
mod ks;
mod login;
mod readme;
mod sandbox;
mod secrets;
mod session_store;
mod terminal;
