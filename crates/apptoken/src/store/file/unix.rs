use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::{SessionKey, StoreError, StoreErrorKind, StoredSession};

/// How long to wait for another process that renews: longer than any login takes by default.
const PATIENCE: Duration = Duration::from_secs(90);

/// No session is nearly as large.
const LARGEST: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| io_error(path, error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        check(&path, &fs::metadata(&path).map_err(failed)?)?;
        Ok(Self { path })
    }

    pub(super) fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        read(&self.file(key, "session"))
    }

    pub(super) fn exclusively(
        &self,
        key: &SessionKey,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let path = self.file(key, "session");
        let _lock = self.lock(&self.file(key, "lock"))?;
        let (kept, told) = match read(&path) {
            Ok(kept) => (kept, Ok(())),
            Err(error) => (None, Err(set_aside(&path, error))),
        };
        match renew(kept) {
            Some(renewed) => self.write(&path, &self.file(key, "new"), &renewed).and(told),
            None => told,
        }
    }

    /// Files of different versions of the format have different names, so that versions do not fight over one.
    fn file(&self, key: &SessionKey, kind: &str) -> PathBuf {
        let digest = hex::encode(Sha256::digest(key.to_string().as_bytes()));
        let digest = digest.get(..16).unwrap_or_default();
        self.path.join(format!("{}-{}-{digest}.v1.{kind}", key.partner(), key.app_token()))
    }

    /// The lock ends with the file, also when the process is killed.
    fn lock(&self, path: &Path) -> Result<File, StoreError> {
        let failed = |error| io_error(path, error);
        let file = private().create(true).open(path).map_err(failed)?;
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(pause),
                Err(TryLockError::WouldBlock) => return Err(StoreError::new(StoreErrorKind::Locked).at(shown(path))),
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Replaces the file as a whole, and makes sure that it outlives a power cut. Only under the lock.
    fn write(&self, path: &Path, new: &Path, session: &StoredSession) -> Result<(), StoreError> {
        let failed = |error| io_error(path, error);
        remove(new).map_err(failed)?;
        let mut file = private().create_new(true).open(new).map_err(failed)?;
        file.write_all(session.expose().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(new, path).map_err(failed)?;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn io_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::caused_by(StoreErrorKind::Io, error).at(shown(path))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// What a process left that was killed while it wrote.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<StoredSession>, StoreError> {
    let failed = |error| io_error(path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    check(path, &file.metadata().map_err(failed)?)?;
    let mut text = Zeroizing::new(String::new());
    match file.take(LARGEST).read_to_string(&mut text) {
        Ok(_) => StoredSession::parse(text.as_str()).map(Some).map_err(|error| error.at(shown(path))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(StoreError::new(StoreErrorKind::Corrupt).at(shown(path)))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Whether only this user can read and change it.
fn check(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    let others_may = metadata.mode() & 0o077 != 0;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if others_may || !is_ours { Err(StoreError::new(StoreErrorKind::Exposed).at(shown(path))) } else { Ok(()) }
}

/// Moves what cannot be read as a session out of the way, so that nothing of it is lost. Only under the lock.
fn set_aside(path: &Path, error: StoreError) -> StoreError {
    if !matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::Foreign) {
        return error;
    }
    let free = (1..1000).map(|number| path.with_extension(format!("aside-{number}"))).find(|name| !name.exists());
    match free {
        Some(name) if fs::rename(path, &name).is_ok() => error.moved(shown(&name)),
        _ => error,
    }
}
