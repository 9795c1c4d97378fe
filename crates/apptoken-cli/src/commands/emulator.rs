//! `apptoken emulator`.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::core_limit::CoreLimit;
use crate::failure::{Code, Failure};

const PROGRAM: &str = "apptoken-emulator";

/// Runs a local Kaltura for tests: the program apptoken-emulator
// It is a program of its own, so that this one stays small.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Emulator {
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

/// Replaces this process, so it returns only if that fails.
pub(crate) fn run(arguments: &[OsString], core_limit: CoreLimit) -> Failure {
    core_limit.restore();
    let error = Command::new(program()).args(arguments).exec();
    let failure = Failure::new(Code::Failure, format!("cannot run {PROGRAM}: {error}"));
    if error.kind() == io::ErrorKind::NotFound {
        return failure.cure("cargo install apptoken-emulator");
    }
    failure
}

/// The one beside this program, which has the same version, or the one in PATH.
fn program() -> PathBuf {
    let beside = env::current_exe().ok().map(|this| this.with_file_name(PROGRAM)).filter(|path| path.exists());
    beside.unwrap_or_else(|| PROGRAM.into())
}
