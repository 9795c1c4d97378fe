#[cfg(unix)]
mod unix;

use std::path::Path;
use std::time::Duration;

use apptoken_core::UnixSeconds;

use super::{SessionKey, SessionStore, StoreError, StoredSession};

/// Stores sessions as files in a folder, so that all processes of a user on one machine share one login.
///
/// It works on Unix only, and for one machine only. Choose a folder on a local disk: on network file systems locks may not work.
/// For several machines use `apptoken-store-redis`.
///
/// # Requirements
///
/// The folder (mode 700) and its files (mode 600) must be accessible to the user only. The folders above must belong to the
/// user or to root, and be writable by nobody else unless they are sticky like `/tmp`. This is checked when the store is
/// opened. Files outside the folder are never opened: a link, a pipe, a device, a folder or a file with a second name (hard
/// link) in the place of a file is an error at once. A record that was changed is never used as a session.
///
/// # Several processes
///
/// A file is replaced as a whole. A process that is killed at any moment leaves the old file or the new one, and at most one
/// half-written file for each session, which the next writer removes. A renewal holds an advisory lock, which the system
/// releases when the process ends; the next process with the lock first checks whether the session is already renewed. A
/// process that hangs during a renewal delays the others by at most the longest time of a login, about four minutes with the
/// default settings; then they log in without the store.
///
/// The child of a fork that happens during a renewal by another thread has a copy of the open lock file. It does not matter,
/// unless the parent is killed during that renewal: the lock then stays until the child ends or starts another program.
///
/// # Files that stay
///
/// A session stays on the disk until it has expired and a later renewal of any session removes it. A file that is damaged or
/// of another program is moved aside within the folder and reported once as an error; the renewal continues.
///
/// # Examples
///
/// ```no_run
/// use apptoken::store::FileStore;
///
/// let store = FileStore::new("/run/user/1000/importer")?;
/// # let _ = store;
/// # Ok::<(), apptoken::store::StoreError>(())
/// ```
#[derive(Debug)]
pub struct FileStore {
    #[cfg(unix)]
    folder: unix::Folder,
    #[cfg(not(unix))]
    never: std::convert::Infallible,
}

#[cfg(unix)]
impl FileStore {
    /// Opens the store in this folder. Creates the folder if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Exposed`](super::StoreErrorKind::Exposed) if other users can access the folder,
    /// [`StoreErrorKind::ExposedParent`](super::StoreErrorKind::ExposedParent) if they can replace it through a folder
    /// above,
    /// [`StoreErrorKind::Io`](super::StoreErrorKind::Io) if it cannot be created or opened, and
    /// [`StoreErrorKind::Unsupported`](super::StoreErrorKind::Unsupported) on systems other than Unix.
    pub fn new(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { folder: unix::Folder::open(folder.as_ref())? })
    }
}

#[cfg(unix)]
impl SessionStore for FileStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.folder.load(key)
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        self.folder.renew_exclusively(key, patience, renew)
    }

    /// Searches the folder at most once an hour.
    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        self.folder.remove_ended(now)
    }

    fn stop(&self) {
        self.folder.stop();
    }
}

#[cfg(not(unix))]
impl FileStore {
    /// Fails: this store works on Unix only.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unsupported`](super::StoreErrorKind::Unsupported).
    pub fn new(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        Err(StoreError::new(super::StoreErrorKind::Unsupported).at(folder.as_ref().display().to_string()))
    }
}

#[cfg(not(unix))]
impl SessionStore for FileStore {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        match self.never {}
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        _: Duration,
        _: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        match self.never {}
    }
}
