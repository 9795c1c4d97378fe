//! `apptoken man`.

use std::path::PathBuf;

use crate::cli;
use crate::console::Console;
use crate::failure::{Code, Failure};
use crate::setup::folders;

/// Writes the man pages into a folder, one for each command
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  apptoken man ~/.local/share/man/man1
  apptoken man /tmp/pages && man /tmp/pages/apptoken-call.1
  apptoken man . && man ./apptoken-token-rotate.1")]
pub(crate) struct Man {
    /// The folder, which is created if it does not exist
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(self, console: &Console) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Code::Failure, format!("cannot write to {}: {error}", self.folder.display()))
        };
        folders::create(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(cli::command(), &self.folder).map_err(failed)?;
        console.note(&format!("the pages are in {}", self.folder.display()));
        Ok(())
    }
}
