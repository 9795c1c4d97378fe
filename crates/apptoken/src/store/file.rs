#[cfg(unix)]
mod unix;

use std::path::Path;

use super::{SessionKey, SessionStore, StoreError, StoredSession};

/// Keeps sessions in a folder, so that all processes of a user on one machine share one login.
///
/// Unix only. The folder belongs to the user alone (mode 700), and so do the files (600): what others can read or
/// change is not used. A file is replaced as a whole, so that a process that is killed leaves the old one or the new one.
/// Renewals are under an advisory lock, and whoever gets it looks first whether another has renewed the session.
///
/// A file that is damaged or of another program is moved aside within the folder, and told as an error once; renewal
/// goes on.
///
/// Choose a folder on a local disk: locks on network file systems may not hold.
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
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        self.folder.exclusively(key, renew)
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
        _: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        match self.never {}
    }
}
