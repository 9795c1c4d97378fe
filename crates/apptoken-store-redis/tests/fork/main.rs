//! Forks for real while a store is in use. A program of its own: the test harness starts threads that a child would not have.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::exit,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[cfg(unix)]
#[path = "../../../apptoken/tests/fork/child.rs"]
mod child;
#[cfg(unix)]
mod forks;
#[cfg(unix)]
#[path = "../it/servers.rs"]
mod servers;
#[cfg(unix)]
#[path = "../it/support.rs"]
mod support;

fn main() {
    #[cfg(unix)]
    forks::main();
}
