//! The fake's state in a file, so that it survives a restart.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use apptoken_transport_fake::Fake;

/// A file that holds a fake's state: the old one or the new one, never half of one.
///
/// Only its owner can read it, and only one process at a time has it: a lock file stands beside it until this is dropped.
#[derive(Debug)]
pub(crate) struct StateFile {
    writer: Arc<Writer>,
    _lock: Lock,
}

impl StateFile {
    /// Gives the fake the state that the file holds; makes the file if there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, is not a file, is in use, or holds something else; the text names it.
    pub(crate) fn open(path: &Path, fake: &Fake) -> io::Result<Self> {
        let file = resolved(path).map_err(|why| named(path, "cannot be used", &why))?;
        let lock = Lock::take(beside(&file, ".lock")).map_err(|why| named(path, "cannot be written", &why))?;
        match fs::read_to_string(&file) {
            Ok(state) => fake.restore(&state).map_err(|why| named(path, "cannot be used", &io::Error::other(why)))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(named(path, "cannot be read", &why)),
        }
        let writer = Writer { path: file, written: Mutex::default() };
        writer.save(fake.snapshot())?;
        Ok(Self { writer: Arc::new(writer), _lock: lock })
    }

    /// What writes the file, also on another thread, for as long as the file is locked.
    pub(crate) fn writer(&self) -> &Arc<Writer> {
        &self.writer
    }
}

#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    /// What the file holds, so that it is written only when something changed.
    written: Mutex<String>,
}

impl Writer {
    /// Writes a state unless the file holds it already.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file then holds what it held before.
    pub(crate) fn save(&self, state: String) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if state != *written {
            replace(&self.path, state.as_bytes()).map_err(|why| named(&self.path, "cannot be written", &why))?;
            *written = state;
        }
        Ok(())
    }
}

/// The file that a path leads to. Links are followed, so that the file they lead to is replaced and not they.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let Ok(link) = fs::symlink_metadata(path) else { return Ok(path.to_owned()) };
    if link.is_symlink() && !path.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is a link that leads to no file"));
    }
    // Neither a pipe nor a device is opened to find out: that can wait for ever.
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a file")));
    }
    path.canonicalize()
}

/// The path with something added to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Writes beside the file, then renames: a crash leaves the old state or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    // What an earlier process left behind when it was killed.
    remove(&new)?;
    let written = write(&new, bytes).and_then(|()| fs::rename(&new, path));
    if let Err(why) = written {
        // Half a file is of no use, and holds secrets.
        let _ = remove(&new);
        return Err(why);
    }
    sync_folder(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Anything that is there by now was put there by somebody else: it is not followed and not written to.
    let mut file = for_owner().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// Files are made so that only their owner can read them.
fn for_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a rename in a folder durable, where a folder can be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn named(path: &Path, what: &str, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("the state file {} {what}: {why}", path.display()))
}

/// A locked file. The system takes the lock back when the process ends, however it ends.
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
                    let why = "another process uses it (stop that one, or give each its own state file)";
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
                }
                Err(TryLockError::Error(why)) => return Err(why),
            }
            // Who had the lock until now may have removed its file.
            if is_at(&file, &path) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is locked: whoever opens it meanwhile sees that it is no longer there. Elsewhere an open file stays.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the path still leads to the open file.
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
