use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{self, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::store::{StoreError, StoreErrorKind};

/// An open folder that belongs to the user alone, and the files in it.
///
/// Every file is reached through the folder's descriptor and without following links, so that none outside is touched.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    folder: File,
}

const TO_OPEN: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// Opening a pipe must not wait for its other end.
const TO_OPEN_FILE: OFlags = TO_OPEN.union(OFlags::NONBLOCK);

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

impl Directory {
    /// Opens the folder, which is made if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| io_error(path, error);
        check_way(&path::absolute(path).map_err(failed)?)?;
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        check_way(&path)?;
        let folder = openat(CWD, &path, TO_OPEN | OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty());
        let folder = folder.map(File::from).map_err(|error| io_error(&path, error.into()))?;
        let metadata = folder.metadata().map_err(|error| io_error(&path, error))?;
        let directory = Self { path, folder };
        if is_private(&metadata) { Ok(directory) } else { Err(directory.error("", StoreErrorKind::Exposed)) }
    }

    /// Opens a file to read it, if it is there.
    pub(super) fn open_file(&self, name: &str) -> Result<Option<File>, StoreError> {
        match openat(&self.folder, name, TO_OPEN_FILE | OFlags::RDONLY, Mode::empty()) {
            Ok(file) => self.checked(name, file.into()).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Opens a file to lock it, which is made if it is not there.
    pub(super) fn open_or_create(&self, name: &str) -> Result<File, StoreError> {
        let file = openat(&self.folder, name, TO_OPEN_FILE | OFlags::RDWR | OFlags::CREATE, PRIVATE);
        self.checked(name, file.map_err(|error| self.failed(name, error))?.into())
    }

    /// Makes a file that is not there yet.
    pub(super) fn create(&self, name: &str) -> Result<File, StoreError> {
        let flags = TO_OPEN_FILE | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        openat(&self.folder, name, flags, PRIVATE).map(File::from).map_err(|error| self.failed(name, error))
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        renameat(&self.folder, from, &self.folder, to).map_err(|error| self.failed(to, error))
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        match unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    pub(super) fn is_free(&self, name: &str) -> bool {
        matches!(statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT))
    }

    /// The names in the folder, as far as they are text.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = Dir::read_from(&self.folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let entries = entries.map_err(|error| self.failed("", error))?;
        Ok(entries.iter().filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned)).collect())
    }

    /// Makes sure that what was renamed outlives a power cut.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.folder.sync_all().map_err(|error| io_error(&self.path, error))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn error(&self, name: &str, kind: StoreErrorKind) -> StoreError {
        StoreError::new(kind).at(self.path(name).display().to_string())
    }

    pub(super) fn io_error(&self, name: &str, error: io::Error) -> StoreError {
        io_error(&self.path(name), error)
    }

    /// What the system answers when a link, a folder, a socket or a device is in the place of a file, depending on the
    /// system.
    fn failed(&self, name: &str, error: Errno) -> StoreError {
        match error {
            Errno::LOOP | Errno::MLINK | Errno::ISDIR | Errno::NXIO | Errno::NODEV => {
                self.error(name, StoreErrorKind::NotOurFile)
            }
            error => self.io_error(name, error.into()),
        }
    }

    /// A file with a second name can be reached past the folder. One without any was just replaced.
    fn checked(&self, name: &str, file: File) -> Result<File, StoreError> {
        let metadata = file.metadata().map_err(|error| self.io_error(name, error))?;
        if !metadata.is_file() || metadata.nlink() > 1 {
            Err(self.error(name, StoreErrorKind::NotOurFile))
        } else if !is_private(&metadata) {
            Err(self.error(name, StoreErrorKind::Exposed))
        } else {
            Ok(file)
        }
    }
}

/// Whether only this user can read and change it.
fn is_private(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 == 0 && metadata.uid() == geteuid().as_raw()
}

/// Checks that nobody but the user and root can replace a link or folder on the way to a folder. From the root down, so
/// that nobody can replace what was checked.
fn check_way(path: &Path) -> Result<(), StoreError> {
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    for step in way {
        let metadata = match fs::symlink_metadata(step) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(step, error)),
        };
        let is_the_folder = step == path && metadata.is_dir();
        if !is_the_folder && !is_trusted(&metadata) {
            return Err(StoreError::new(StoreErrorKind::ExposedParent).at(step.display().to_string()));
        }
    }
    Ok(())
}

/// In a sticky folder nobody can replace what is another's.
fn is_trusted(metadata: &Metadata) -> bool {
    let has_trusted_owner = [0, geteuid().as_raw()].contains(&metadata.uid());
    let is_writable_by_others = metadata.is_dir() && metadata.mode() & 0o022 != 0 && metadata.mode() & 0o1000 == 0;
    has_trusted_owner && !is_writable_by_others
}

fn io_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::caused_by(StoreErrorKind::Io, error).at(path.display().to_string())
}
