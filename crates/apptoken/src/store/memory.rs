use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::UnixSeconds;
use lru::LruCache;

use super::holders::Holders;
use super::{SessionKey, SessionStore, StoreError, StoredSession};
use crate::sync::{Mutex, lock};

/// Keeps sessions in memory: providers of one process that share it (clones share too) share their logins.
///
/// It keeps the 10,000 sessions that were used last.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    sessions: Mutex<LruCache<SessionKey, StoredSession>>,
    renewals: Holders<String>,
}

const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

impl MemoryStore {
    /// A store without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner { sessions: Mutex::new(LruCache::new(CAPACITY)), renewals: Holders::new() }))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(lock(&self.0.sessions).get(key).cloned())
    }

    fn exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let _renewal = self.0.renewals.hold(key.to_string(), patience)?;
        if let Some(renewed) = renew(self.load(key)?) {
            lock(&self.0.sessions).put(key.clone(), renewed);
        }
        Ok(())
    }

    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let mut sessions = lock(&self.0.sessions);
        let ended = sessions.iter().filter(|(_, session)| session.has_ended(now)).map(|(key, _)| key.clone());
        for key in ended.collect::<Vec<_>>() {
            sessions.pop(&key);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", lock(&self.0.sessions).len())
    }
}
