//! The checks pass with the stores of `apptoken`, and fail with stores that have a fault.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::store::{MemoryStore, SessionKey, SessionStore, StoreError, StoredSession};

use super::check;

#[test]
fn the_memory_store_passes() {
    // A stop is for all who share the store, so each check has its own.
    let store = Mutex::new(MemoryStore::new());
    let stores = || store.lock().unwrap().clone();
    check(stores).assert_passed();
}

#[cfg(unix)]
#[test]
fn the_file_store_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions");
    check(|| apptoken::store::FileStore::new(&path).unwrap()).assert_passed();
}

/// A store without a lock.
#[derive(Clone, Default)]
struct Unlocked(Arc<Mutex<HashMap<SessionKey, StoredSession>>>);

impl SessionStore for Unlocked {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        _: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        if let Some(renewed) = renew(self.load(key)?) {
            self.0.lock().unwrap().insert(key.clone(), renewed);
        }
        Ok(())
    }
}

#[test]
fn a_store_without_a_lock_fails() {
    let store = Unlocked::default();
    let report = check(|| store.clone());
    let failed: Vec<&str> = report.failed().collect();
    assert!(failed.contains(&"a_wait_ends_with_its_patience") && failed.contains(&"a_thread_does_not_wait_for_itself"));
    assert!(!failed.contains(&"a_stored_session_comes_back_unchanged"), "{report}");
}

/// A store that stores nothing.
struct Forgetful;

impl SessionStore for Forgetful {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        Ok(None)
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        _: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        renew(None);
        Ok(())
    }
}

#[test]
fn a_store_that_forgets_fails() {
    let report = check(|| Forgetful);
    assert!(report.failed().any(|name| name == "a_stored_session_comes_back_unchanged"), "{report}");
    assert!(
        report.to_string().contains("FAILED  a_stored_session_comes_back_unchanged: a stored session was not found")
    );
}
