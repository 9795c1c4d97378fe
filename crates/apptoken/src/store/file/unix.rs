mod directory;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use apptoken_core::UnixSeconds;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::directory::Directory;
use crate::store::holders::Holders;
use crate::store::{SessionKey, StoreError, StoreErrorKind, StoredSession};
use crate::sync::{Mutex, lock};

/// No session is nearly as large.
const LARGEST: u64 = 1 << 20;

/// How often the folder is looked through for sessions that have ended, in seconds.
const REMOVAL_PAUSE: i64 = 3600;

/// The lock of a file does not tell a thread that it holds the lock itself.
static RENEWALS: Holders<PathBuf> = Holders::new();

#[derive(Debug)]
pub(super) struct Folder {
    directory: Directory,
    removed_ended_at: Mutex<Option<UnixSeconds>>,
}

/// The names of the files of one key.
struct Names {
    session: String,
    lock: String,
    /// A session that is being written.
    new: String,
}

impl Names {
    /// Files of different versions of the format have different names, so that versions do not fight over one.
    const VERSION: &str = ".v2.";

    fn of(key: &SessionKey) -> Self {
        let digest = hex::encode(Sha256::digest(key.to_string().as_bytes()));
        let digest = digest.get(..16).unwrap_or_default();
        Self::with_stem(&format!("{}-{}-{digest}", key.partner(), key.app_token()))
    }

    fn with_stem(stem: &str) -> Self {
        let name = |kind| format!("{stem}{}{kind}", Self::VERSION);
        Self { session: name("session"), lock: name("lock"), new: name("new") }
    }

    /// What the names of one key have in common.
    fn stem_of(name: &str) -> Option<&str> {
        let (stem, kind) = name.split_once(Self::VERSION)?;
        ["session", "lock", "new"].contains(&kind).then_some(stem)
    }
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { directory: Directory::open(path)?, removed_ended_at: Mutex::new(None) })
    }

    pub(super) fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.read(&Names::of(key).session)
    }

    pub(super) fn exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let names = Names::of(key);
        let begun = Instant::now();
        let path = self.directory.path(&names.lock);
        let _renewal = RENEWALS.hold(path.clone(), patience).map_err(|error| error.at(path.display().to_string()))?;
        let _lock = self
            .lock(&names.lock, patience.saturating_sub(begun.elapsed()))?
            .ok_or_else(|| self.directory.error(&names.lock, StoreErrorKind::Locked))?;
        let (kept, problem) = match self.read(&names.session) {
            Ok(kept) => (kept, Ok(())),
            Err(error) => (None, Err(self.set_aside(&names.session, error))),
        };
        match renew(kept) {
            Some(renewed) => self.write(&names, &renewed).and(problem),
            None => problem,
        }
    }

    /// Removes what is of no use any more, unless that was done within the last hour. What cannot be read or is locked is
    /// left to whoever uses it.
    pub(super) fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        {
            let mut removed_ended_at = lock(&self.removed_ended_at);
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
        if !is_ended() {
            return Ok(());
        }
        self.directory.remove(&names.new)?;
        self.directory.remove(&names.session)?;
        self.directory.remove(&names.lock)
    }

    /// The lock, or `None` if another did not release it in time. It ends with the file, also when the process is killed.
    fn lock(&self, name: &str, patience: Duration) -> Result<Option<File>, StoreError> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let file = self.directory.open_or_create(name)?;
            match file.try_lock() {
                Ok(()) if is_removed(&file) => continue,
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::Error(error)) => return Err(self.directory.io_error(name, error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => thread::sleep(pause),
                Err(TryLockError::WouldBlock) => return Ok(None),
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn read(&self, name: &str) -> Result<Option<StoredSession>, StoreError> {
        let Some(file) = self.directory.open_file(name)? else { return Ok(None) };
        let size = file.metadata().map_or(LARGEST, |metadata| metadata.len().min(LARGEST));
        // With enough room at once no part of the text stays behind where it grew.
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

    /// Replaces the file as a whole, and makes sure that it outlives a power cut. Only under the lock.
    fn write(&self, names: &Names, session: &StoredSession) -> Result<(), StoreError> {
        // A process that was killed while it wrote may have left it.
        self.directory.remove(&names.new)?;
        let written = self.write_new(&names.new, session);
        if let Err(error) = written.and_then(|()| self.directory.rename(&names.new, &names.session)) {
            let _ = self.directory.remove(&names.new);
            return Err(error);
        }
        self.directory.sync()
    }

    fn write_new(&self, name: &str, session: &StoredSession) -> Result<(), StoreError> {
        let mut file = self.directory.create(name)?;
        let written = file.write_all(session.expose().as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| self.directory.io_error(name, error))
    }

    /// Moves what cannot be read as a session out of the way, so that nothing of it is lost. Only under the lock.
    fn set_aside(&self, name: &str, error: StoreError) -> StoreError {
        if !matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::Foreign) {
            return error;
        }
        let mut asides = (1..1000).map(|number| format!("{}.aside-{number}", name.trim_end_matches(".session")));
        match asides.find(|aside| self.directory.is_free(aside)) {
            Some(aside) if self.directory.rename(name, &aside).is_ok() => {
                error.moved(self.directory.path(&aside).display().to_string())
            }
            _ => error,
        }
    }
}

/// Whether the file lost its name while it was waited for: then its lock locks nothing.
fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
