//! The commands, one module each: its arguments and what it does.

pub(crate) mod administration;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod exec;
pub(crate) mod hash;
pub(crate) mod ks;
pub(crate) mod login;
pub(crate) mod man;
