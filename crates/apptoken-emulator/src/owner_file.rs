//! Files that only their owner can read, which are replaced as a whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a new file and renames it, so that a crash leaves either the old or the new content.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = with_suffix(path, ".new");
    // A killed process may have left its new file.
    remove(&new)?;
    let written = write(&new, bytes).and_then(|()| fs::rename(&new, path));
    if let Err(why) = written {
        // An incomplete file is useless and contains secrets.
        let _ = remove(&new);
        return Err(why);
    }
    sync_directory(path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Removes a file, if it exists.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// Options for files that only their owner can read.
pub(crate) fn for_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The path with a suffix.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // `create_new` fails if another program has created the path meanwhile, and does not follow a link.
    let mut file = for_owner().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename durable, on systems where a directory can be opened.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
