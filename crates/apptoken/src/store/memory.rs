use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::{SessionKey, SessionStore, StoreError, StoredSession};

/// Keeps sessions in memory: providers of one process that share it (clones share too) share their logins.
///
/// It keeps the 10,000 sessions that were used last.
#[derive(Clone)]
pub struct MemoryStore {
    kept: Arc<Mutex<LruCache<SessionKey, Arc<Kept>>>>,
}

const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

#[derive(Default)]
struct Kept {
    session: Mutex<Option<StoredSession>>,
    renewal: Mutex<()>,
}

impl MemoryStore {
    /// A store without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self { kept: Arc::new(Mutex::new(LruCache::new(KEPT))) }
    }

    fn of(&self, key: &SessionKey) -> Arc<Kept> {
        Arc::clone(lock(&self.kept).get_or_insert(key.clone(), Arc::default))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(lock(&self.of(key).session).clone())
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let kept = self.of(key);
        let _renewal = lock(&kept.renewal);
        let now = lock(&kept.session).clone();
        if let Some(renewed) = renew(now) {
            *lock(&kept.session) = Some(renewed);
        }
        Ok(())
    }
}

/// What is kept is always whole, also when a renewal panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", lock(&self.kept).len())
    }
}
