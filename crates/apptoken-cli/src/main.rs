//! The command line for Kaltura sessions and app tokens: see `apptoken --help`.

mod arguments;
mod cli;
mod commands;
mod console;
mod core_limit;
mod failure;
mod prompt;
mod setup;
mod show;
mod values;

#[cfg(not(unix))]
compile_error!("apptoken works on Unix systems only: its session store and its private files need their permissions");

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything secret is read: a crash must not write it to a file.
    let core_limit = core_limit::CoreLimit::set_to_zero();
    let console = console::Console::of_process();
    match cli::run(&console, core_limit) {
        Ok(code) => code,
        Err(failure) => failure.report(&console),
    }
}
