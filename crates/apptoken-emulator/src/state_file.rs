//! Keeps the state of the fake in a file, so that it survives a restart.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use apptoken_transport_fake::Fake;

use crate::owner_file::{for_owner, replace, with_suffix};

/// A file with the state of a fake. It always contains a complete state, even after a crash.
///
/// Only its owner can read it. Until this value is dropped, a lock file prevents other processes from using it.
#[derive(Debug)]
pub(crate) struct StateFile {
    writer: Arc<StateWriter>,
    _lock: Lock,
}

impl StateFile {
    /// Loads the state of the file into the fake, or creates the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, is not a regular file, is in use, or does not contain a state. The
    /// message names the file.
    pub(crate) fn open(path: &Path, fake: &Fake) -> io::Result<Self> {
        let file = resolved(path).map_err(|why| named(path, "cannot be used", &why))?;
        let lock = Lock::take(with_suffix(&file, ".lock")).map_err(|why| named(path, "cannot be written", &why))?;
        match fs::read_to_string(&file) {
            Ok(state) => fake.restore(&state).map_err(|why| named(path, "cannot be used", &io::Error::other(why)))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(named(path, "cannot be read", &why)),
        }
        let writer = StateWriter { path: file, written: Mutex::default() };
        writer.save(fake.snapshot())?;
        Ok(Self { writer: Arc::new(writer), _lock: lock })
    }

    /// Writes the file, also from another thread, while the file is locked.
    pub(crate) fn writer(&self) -> &Arc<StateWriter> {
        &self.writer
    }
}

#[derive(Debug)]
pub(crate) struct StateWriter {
    path: PathBuf,
    /// The content of the file, so that an unchanged state is not written again.
    written: Mutex<String>,
}

impl StateWriter {
    /// Writes a state, unless the file contains it already.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The file is then unchanged.
    pub(crate) fn save(&self, state: String) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if state != *written {
            replace(&self.path, state.as_bytes()).map_err(|why| named(&self.path, "cannot be written", &why))?;
            *written = state;
        }
        Ok(())
    }
}

/// Resolves symbolic links, so that the file is replaced and not the link.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let Ok(link) = fs::symlink_metadata(path) else { return Ok(path.to_owned()) };
    if link.is_symlink() && !path.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is a symbolic link to a file that does not exist"));
    }
    // Check the type before opening: opening a pipe or a device can block.
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a directory" } else { "a pipe, a socket or a device" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file")));
    }
    path.canonicalize()
}

fn named(path: &Path, what: &str, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("the state file {} {what}: {why}", path.display()))
}

/// A locked file. The system releases the lock when the process ends, even after a crash.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(path: PathBuf) -> io::Result<Self> {
        loop {
            let file = for_owner().write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let why = "another process uses it: stop that process, or use another state file";
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
                }
                Err(TryLockError::Error(why)) => return Err(why),
            }
            // The previous owner of the lock may have removed the file before this process got the lock. Then open it
            // again.
            if is_at(&file, &path) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Remove it while it is locked, so that a process that has just opened it notices. Windows cannot remove an
        // open file.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the path still refers to the open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let same = |open: fs::Metadata, there: fs::Metadata| (open.dev(), open.ino()) == (there.dev(), there.ino());
    file.metadata().is_ok_and(|open| fs::symlink_metadata(path).is_ok_and(|there| same(open, there)))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
