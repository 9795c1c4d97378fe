//! The fake's state in a file, so that it survives a restart.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use apptoken_transport_fake::Fake;
use tempfile::NamedTempFile;

/// A file that holds a fake's state: the old one or the new one, never half of one. Only its owner can read it.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// What the file holds, so that it is written only when something changed.
    written: String,
}

impl StateFile {
    /// Gives the fake the state that the file holds; makes the file if there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, or holds something else; the text names the file.
    pub(crate) fn open(path: &Path, fake: &Fake) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(state) => fake.restore(&state).map_err(|why| named(path, "cannot be used", &io::Error::other(why)))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(named(path, "cannot be read", &why)),
        }
        let mut file = Self { path: path.to_owned(), written: String::new() };
        file.save(fake.snapshot())?;
        Ok(file)
    }

    /// Writes a state unless the file holds it already.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file then holds what it held before.
    pub(crate) fn save(&mut self, state: String) -> io::Result<()> {
        if state != self.written {
            replace(&self.path, state.as_bytes()).map_err(|why| named(&self.path, "cannot be written", &why))?;
            self.written = state;
        }
        Ok(())
    }
}

/// Writes beside the file, then renames: a crash leaves the old state or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// Makes a rename in a folder durable, where a folder can be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn named(path: &Path, what: &str, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("the state file {} {what}: {why}", path.display()))
}
