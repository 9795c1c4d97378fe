mod directory;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{mem, process, thread};

use apptoken_core::UnixSeconds;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::directory::Directory;
use crate::store::key_locks::KeyLocks;
use crate::store::{SessionKey, StoreError, StoreErrorKind, StoredSession};
use crate::sync::{Mutex, PerProcess, inherit_or_default, lock};

/// A limit for what is read, so that a huge file cannot fill the memory. A record has a few KiB.
const LARGEST: u64 = 1 << 20;

/// The shortest time between two searches for expired sessions, in seconds: a search reads every file of the folder.
const REMOVAL_PAUSE: i64 = 3600;

/// A file lock belongs to one opening of the file. A thread that opens the file again would wait for itself, so the threads of
/// this process take this lock first.
static RENEWALS: KeyLocks<PathBuf> = KeyLocks::new();

#[derive(Debug)]
pub(super) struct Folder {
    directory: Directory,
    removed_ended_at: PerProcess<Mutex<Option<UnixSeconds>>>,
    is_stopped: AtomicBool,
}

/// The lock of a key between processes. The system releases it too when the process ends.
struct FileLock {
    file: File,
    process: u32,
}

impl Drop for FileLock {
    /// Closing the file would release the lock only after the children have closed theirs: if another thread forked meanwhile,
    /// the child has a copy of the open file. For the same reason a child must not release its parent's lock.
    fn drop(&mut self) {
        if self.process == process::id() {
            // It fails only for a file that cannot be locked.
            let _ = self.file.unlock();
        }
    }
}

/// The names of the files of one key.
struct Names {
    session: String,
    lock: String,
    /// The session while it is written.
    new: String,
}

impl Names {
    /// Files of different format versions have different names. During an update two versions of a program run at once, and each
    /// would move the other's file aside.
    const VERSION: &str = ".v2.";

    fn of(key: &SessionKey) -> Self {
        // A hash, because a user id can be long and contain any character.
        let digest = hex::encode(Sha256::digest(key.to_string().as_bytes()));
        let digest = digest.get(..16).unwrap_or_default();
        Self::with_stem(&format!("{}-{}-{digest}", key.partner(), key.app_token()))
    }

    fn with_stem(stem: &str) -> Self {
        let name = |kind| format!("{stem}{}{kind}", Self::VERSION);
        Self { session: name("session"), lock: name("lock"), new: name("new") }
    }

    /// The common part of the names of one key.
    fn stem_of(name: &str) -> Option<&str> {
        let (stem, kind) = name.split_once(Self::VERSION)?;
        ["session", "lock", "new"].contains(&kind).then_some(stem)
    }
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            directory: Directory::open(path)?,
            removed_ended_at: PerProcess::new(inherit_or_default),
            is_stopped: AtomicBool::new(false),
        })
    }

    pub(super) fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.read(&Names::of(key).session)
    }

    pub(super) fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let names = Names::of(key);
        let begun = Instant::now();
        let path = self.directory.path(&names.lock);
        let _renewal = RENEWALS
            .lock(path.clone(), patience, &self.is_stopped)
            .map_err(|error| error.at(path.display().to_string()))?;
        let _lock = self
            .lock(&names.lock, patience.saturating_sub(begun.elapsed()))?
            .ok_or_else(|| self.directory.error(&names.lock, StoreErrorKind::Locked))?;
        let (stored, problem) = match self.read(&names.session) {
            Ok(stored) => (stored, Ok(())),
            Err(error) => (None, Err(self.set_aside(&names.session, error))),
        };
        match renew(stored) {
            Some(renewed) => self.write(&names, &renewed).and(problem),
            None => problem,
        }
    }

    /// Removes the files of expired sessions, unless that was done within the last hour. Files that cannot be read or are
    /// locked stay: another process may be using them.
    pub(super) fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        {
            let removed_ended_at = self.removed_ended_at.get();
            let mut removed_ended_at = lock(&removed_ended_at);
            if removed_ended_at.is_some_and(|last| (0..REMOVAL_PAUSE).contains(&now.seconds_since(last))) {
                return Ok(());
            }
            *removed_ended_at = Some(now);
        }
        let files = self.directory.names()?;
        let stems: BTreeSet<&str> = files.iter().filter_map(|name| Names::stem_of(name)).collect();
        stems.into_iter().try_for_each(|stem| self.remove_if_ended(&Names::with_stem(stem), now))
    }

    fn remove_if_ended(&self, names: &Names, now: UnixSeconds) -> Result<(), StoreError> {
        let is_ended = || {
            let session = self.read(&names.session);
            session.is_ok_and(|session| session.is_none_or(|session| session.has_ended(now)))
        };
        if !is_ended() {
            return Ok(());
        }
        let Ok(Some(_lock)) = self.lock(&names.lock, Duration::ZERO) else { return Ok(()) };
        // Another process may have renewed the session before this one got the lock.
        if !is_ended() {
            return Ok(());
        }
        // The lock last: with its name gone, another process creates a new one and no longer waits for this one.
        self.directory.remove(&names.new)?;
        self.directory.remove(&names.session)?;
        self.directory.remove(&names.lock)
    }

    /// Ends the waits for locks.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        RENEWALS.wake();
    }

    /// The lock, or `None` if another process did not release it in time.
    fn lock(&self, name: &str, patience: Duration) -> Result<Option<FileLock>, StoreError> {
        let begun = Instant::now();
        // The system has no lock with a timeout, so this polls. It uses real time: other processes do not follow the
        // provider's clock.
        let mut pause = Duration::from_millis(1);
        loop {
            let file = self.directory.open_or_create(name)?;
            match file.try_lock() {
                Ok(()) if is_removed(&file) => continue,
                Ok(()) => return Ok(Some(FileLock { file, process: process::id() })),
                Err(TryLockError::Error(error)) => return Err(self.directory.io_error(name, error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience && !self.is_stopped() => {
                    thread::sleep(pause)
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    fn read(&self, name: &str) -> Result<Option<StoredSession>, StoreError> {
        let Some(file) = self.directory.open_file(name)? else { return Ok(None) };
        let size = file.metadata().map_or(LARGEST, |metadata| metadata.len().min(LARGEST));
        // Enough capacity from the start: a buffer that grows leaves copies of the secret in freed memory.
        let mut text =
            Zeroizing::new(String::with_capacity(usize::try_from(size).unwrap_or_default().saturating_add(64)));
        match file.take(LARGEST).read_to_string(&mut text) {
            Ok(_) => {
                let session = StoredSession::parse(mem::take(&mut *text));
                session.map(Some).map_err(|error| error.at(self.directory.path(name).display().to_string()))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(self.directory.error(name, StoreErrorKind::Corrupt))
            }
            Err(error) => Err(self.directory.io_error(name, error)),
        }
    }

    /// Replaces the file as a whole and durably. Only under the lock.
    fn write(&self, names: &Names, session: &StoredSession) -> Result<(), StoreError> {
        // A process that was killed while it wrote may have left this file.
        self.directory.remove(&names.new)?;
        let written = self.write_new(&names.new, session);
        if let Err(error) = written.and_then(|()| self.directory.rename(&names.new, &names.session)) {
            let _ = self.directory.remove(&names.new);
            return Err(error);
        }
        // Without this a power failure could undo the rename.
        self.directory.sync()
    }

    fn write_new(&self, name: &str, session: &StoredSession) -> Result<(), StoreError> {
        // Synced before the rename: a file system may make the new name durable before the content, and leave an empty file
        // after a power failure.
        let mut file = self.directory.create(name)?;
        let written = file.write_all(session.expose().as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| self.directory.io_error(name, error))
    }

    /// Moves a file that is not a session aside. It is not deleted, because it may belong to another program. Only under the lock.
    fn set_aside(&self, name: &str, error: StoreError) -> StoreError {
        if !matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::Foreign) {
            return error;
        }
        let mut free_names = (1..1000).map(|number| format!("{}.aside-{number}", name.trim_end_matches(".session")));
        match free_names.find(|aside| self.directory.is_free(aside)) {
            Some(aside) if self.directory.rename(name, &aside).is_ok() => {
                error.with_new_path(self.directory.path(&aside).display().to_string())
            }
            _ => error,
        }
    }
}

/// Whether the file was removed while this process waited for its lock. Such a lock excludes nobody: other processes lock the
/// new file of that name.
fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
