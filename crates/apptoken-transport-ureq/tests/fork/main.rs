//! Forks for real while connections are open. A program of its own, for the process that forks must have one thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::exit, clippy::print_stdout, clippy::print_stderr)]

#[cfg(unix)]
mod forks;
#[cfg(unix)]
mod server;

fn main() {
    #[cfg(unix)]
    forks::main();
}
