//! The folders of this program.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::failure::Failure;

/// The folder of the configuration file.
pub(crate) fn config() -> Result<PathBuf, Failure> {
    Ok(base()?.config_dir().join("apptoken"))
}

/// The folder of the cached sessions.
pub(crate) fn sessions() -> Result<PathBuf, Failure> {
    Ok(base()?.cache_dir().join("apptoken").join("sessions"))
}

fn base() -> Result<impl etcetera::BaseStrategy, Failure> {
    etcetera::choose_base_strategy().map_err(|_| {
        Failure::configuration("the home folder is unknown").cure("set HOME, or XDG_CONFIG_HOME and XDG_CACHE_HOME")
    })
}

/// Creates a folder, and those above it, for this user only.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
