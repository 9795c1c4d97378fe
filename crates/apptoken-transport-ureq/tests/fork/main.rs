//! Forks while connections are open. It is a separate program because the process that forks must have a single thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::exit, clippy::print_stdout, clippy::print_stderr)]

#[cfg(unix)]
mod forks;
#[cfg(unix)]
mod server;

fn main() {
    #[cfg(unix)]
    forks::main();
}
