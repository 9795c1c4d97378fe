#[cfg(unix)]
mod unix;

use std::path::Path;
use std::time::Duration;

use apptoken_core::UnixSeconds;

use super::{SessionKey, SessionStore, StoreError, StoredSession};

/// Keeps sessions in a folder, so that all processes of a user on one machine share one login.
///
/// Unix only. Choose a folder on a local disk: locks on network file systems may not hold.
///
/// # What it trusts
///
/// The folder belongs to the user alone (mode 700), and so do the files (600). The folders above belong to the user or to
/// root, and nobody else can write to them, unless they are sticky like `/tmp`. This is checked when the store is opened.
/// Files are opened inside that folder and nowhere else, and a link, a pipe, a device, a folder or a file with a second
/// name in the place of a file is an error at once. A record that was changed does not become a session.
///
/// # Several processes
///
/// A file is replaced as a whole, so that a process that is killed at any moment leaves the old one or the new one, and at
/// most one half-written file for each session, which the next one removes. Renewals are under an advisory lock, which ends
/// with its process, and whoever gets it looks first whether another has renewed the session. A process that hangs while
/// it renews delays the others by as long as a login can take at most, about four minutes with the default settings; then
/// they log in by themselves.
///
/// # What it leaves on the disk
///
/// A session, until it has ended and a later renewal of any session removes it; a file that is damaged or of another
/// program, which is moved aside within the folder, and reported as an error once; renewal goes on.
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
    /// A store in this folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Exposed`](super::StoreErrorKind::Exposed) if others can enter the folder,
    /// [`StoreErrorKind::ExposedParent`](super::StoreErrorKind::ExposedParent) if they can replace it through a folder
    /// above,
    /// [`StoreErrorKind::Io`](super::StoreErrorKind::Io) if it cannot be made, and
    /// [`StoreErrorKind::Unsupported`](super::StoreErrorKind::Unsupported) where there is no Unix.
    pub fn new(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { folder: unix::Folder::open(folder.as_ref())? })
    }
}

#[cfg(unix)]
impl SessionStore for FileStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.folder.load(key)
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        self.folder.exclusively(key, patience, renew)
    }

    /// Looks through the folder once an hour at most.
    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        self.folder.remove_ended(now)
    }
}

#[cfg(not(unix))]
impl FileStore {
    /// There is no such store on this system.
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

    fn exclusively(
        &self,
        _: &SessionKey,
        _: Duration,
        _: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        match self.never {}
    }
}
