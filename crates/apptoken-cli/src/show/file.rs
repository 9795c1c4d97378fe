//! Files that only this user can read, and that are replaced as a whole.

use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::setup::folders;

/// Writes a file that only this user can read. A reader sees the old text or the new one, never a part.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes).map_err(|error| Failure::of_file("cannot write", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folders::create(folder)?;
    // Mode 600, in the same folder, so that the rename replaces the file at once.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
