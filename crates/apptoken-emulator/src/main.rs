//! The emulator as a program: see `apptoken-emulator --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use apptoken_emulator::command::Arguments;
use clap::Parser;
use mimalloc::MiMalloc;

// A request makes about a hundred small allocations, and those that the journal keeps are often freed on another thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "apptoken-emulator", version)]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

fn main() -> ExitCode {
    match Program::parse().arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, there is no other place to report the error.
            let _ = writeln!(io::stderr(), "apptoken-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}
