//! Tests of the emulator over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod client;
#[cfg(all(unix, feature = "command"))]
mod command;
mod console;
mod control;
mod explain;
mod faults;
mod gzip;
mod hostile;
mod huge;
mod life;
mod limits;
mod malformed;
#[cfg(all(unix, feature = "command"))]
mod recipes;
mod replay;
mod state;
mod tls;
mod uploads;
