use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;

use super::{SessionKey, SessionStore, StoreError, StoredSession};
use crate::sync::{Mutex, lock};

/// Keeps sessions in memory: providers of one process that share it (clones share too) share their logins.
///
/// It keeps the 10,000 sessions that were used last.
#[derive(Clone)]
pub struct MemoryStore {
    entries: Arc<Mutex<LruCache<SessionKey, Arc<Entry>>>>,
}

const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

#[derive(Default)]
struct Entry {
    session: Mutex<Option<StoredSession>>,
    renewal: Mutex<()>,
}

impl MemoryStore {
    /// A store without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Arc::new(Mutex::new(LruCache::new(CAPACITY))) }
    }

    fn entry(&self, key: &SessionKey) -> Arc<Entry> {
        Arc::clone(lock(&self.entries).get_or_insert(key.clone(), Arc::default))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(lock(&self.entry(key).session).clone())
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let entry = self.entry(key);
        let _renewal = lock(&entry.renewal);
        let now = lock(&entry.session).clone();
        if let Some(renewed) = renew(now) {
            *lock(&entry.session) = Some(renewed);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", lock(&self.entries).len())
    }
}
