use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_core::UnixSeconds;
use lru::LruCache;

use super::key_locks::KeyLocks;
use super::{SessionKey, SessionStore, StoreError, StoredSession};
use crate::sync::{Mutex, PerProcess, lock, try_lock};

/// Stores sessions in memory. Providers of one process that use it or its clones share their logins.
///
/// After a fork, parent and child each have the sessions stored so far, and share no later ones.
///
/// It holds the 10,000 sessions that were used last.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    sessions: PerProcess<Mutex<Sessions>>,
    renewals: KeyLocks<String>,
    is_stopped: AtomicBool,
}

type Sessions = LruCache<SessionKey, StoredSession>;

const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let make_sessions = |inherited: Option<&Mutex<Sessions>>| {
            let inherited = inherited.and_then(try_lock).map(|sessions| sessions.clone());
            Mutex::new(inherited.unwrap_or_else(|| LruCache::new(CAPACITY)))
        };
        Self(Arc::new(Inner {
            sessions: PerProcess::new(make_sessions),
            renewals: KeyLocks::new(),
            is_stopped: AtomicBool::new(false),
        }))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(lock(&self.0.sessions.get()).get(key).cloned())
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let _renewal = self.0.renewals.lock(key.to_string(), patience, &self.0.is_stopped)?;
        if let Some(renewed) = renew(self.load(key)?) {
            lock(&self.0.sessions.get()).put(key.clone(), renewed);
        }
        Ok(())
    }

    fn remove_ended(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let sessions = self.0.sessions.get();
        let mut sessions = lock(&sessions);
        let ended = sessions.iter().filter(|(_, session)| session.has_ended(now)).map(|(key, _)| key.clone());
        for key in ended.collect::<Vec<_>>() {
            sessions.pop(&key);
        }
        Ok(())
    }

    fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::SeqCst);
        self.0.renewals.wake();
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", lock(&self.0.sessions.get()).len())
    }
}
