//! Forks for real while a provider is in use. A program of its own: the test harness starts threads that a child would not have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::exit,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod forks;
#[cfg(unix)]
mod server;

fn main() {
    #[cfg(unix)]
    forks::main();
}
