//! What `SessionStore` does for a store that has only the required methods.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
use apptoken_core::{SessionOptions, UnixSeconds, drive};

use crate::support::{Script, VirtualClock, WIDGET_KS, credential, endpoint, login, now, session, widget};

/// Fails for some keys, by the position of the call, and counts what it stores.
struct FailingStore {
    loads: RefCell<Vec<Result<(), StoreErrorKind>>>,
    locks: RefCell<Vec<Result<(), StoreErrorKind>>>,
    stored: RefCell<usize>,
}

impl SessionStore for FailingStore {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.loads.borrow_mut().remove(0).map(|()| None).map_err(StoreError::new)
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        assert_eq!(patience, Duration::ZERO, "a batch does not wait");
        self.locks.borrow_mut().remove(0).map_err(StoreError::new)?;
        *self.stored.borrow_mut() += usize::from(renew(None).is_some());
        Ok(())
    }
}

/// Renews three sessions. Returns the outcome, and how many were stored.
fn renew_three(
    loads: [Result<(), StoreErrorKind>; 3],
    locks: &[Result<(), StoreErrorKind>],
    is_renewed: [bool; 3],
) -> (Result<(), StoreErrorKind>, usize) {
    let key = SessionKey::new(&endpoint(), &credential(), SessionOptions::default());
    let script = Script::new([widget(WIDGET_KS), session()]);
    let login = login(credential().hash).start(now()).unwrap();
    let session = drive(login, &script, VirtualClock::default()).unwrap();
    let renewed = StoredSession::with_widget(&key, &credential().token, &session, None);
    let store = FailingStore {
        loads: RefCell::new(loads.to_vec()),
        locks: RefCell::new(locks.to_vec()),
        stored: RefCell::default(),
    };
    let outcome = store.renew_many(&[key.clone(), key.clone(), key], &mut |stored| {
        assert!(stored.iter().all(Option::is_none));
        is_renewed.iter().map(|yes| yes.then(|| renewed.clone())).collect()
    });
    (outcome.map_err(|error| error.kind()), store.stored.take())
}

#[test]
fn a_batch_stores_what_was_renewed() {
    assert_eq!(renew_three([Ok(()); 3], &[Ok(()), Ok(())], [true, false, true]), (Ok(()), 2));
}

#[test]
fn a_session_that_another_renews_is_no_failure_of_a_batch() {
    let locks = [Ok(()), Err(StoreErrorKind::Locked), Ok(())];
    assert_eq!(renew_three([Ok(()); 3], &locks, [true; 3]), (Ok(()), 2));
}

#[test]
fn a_batch_returns_its_first_error_and_stores_the_rest() {
    let (full, corrupt) = (Err(StoreErrorKind::Io), Err(StoreErrorKind::Corrupt));
    assert_eq!(renew_three([Ok(()); 3], &[full, corrupt, Ok(())], [true; 3]), (full, 1));
    assert_eq!(renew_three([Ok(()), corrupt, full], &[full, Ok(()), Ok(())], [true; 3]), (corrupt, 2));
}

#[test]
fn an_error_of_a_store_names_the_file_and_where_it_was_moved() {
    let error = StoreError::new(StoreErrorKind::Corrupt);
    assert_eq!(error.to_string(), "this is not a session, or it is damaged");
    let error = error.at("/var/a").with_new_path("/var/a.bad");
    assert_eq!(error.to_string(), "/var/a: this is not a session, or it is damaged; it was moved to /var/a.bad");
    assert_eq!((error.path(), error.moved_to()), (Some("/var/a"), Some("/var/a.bad")));
}

/// Notes which methods are called.
#[derive(Default)]
struct NotingStore(Mutex<Vec<&'static str>>);

impl NotingStore {
    fn note(&self, method: &'static str) {
        self.0.lock().unwrap().push(method);
    }
}

impl SessionStore for NotingStore {
    fn load(&self, _: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.note("load");
        Ok(None)
    }

    fn renew_exclusively(
        &self,
        _: &SessionKey,
        _: Duration,
        _: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        self.note("renew_exclusively");
        Ok(())
    }

    fn renew_many(
        &self,
        _: &[SessionKey],
        _: &mut dyn FnMut(Vec<Option<StoredSession>>) -> Vec<Option<StoredSession>>,
    ) -> Result<(), StoreError> {
        self.note("renew_many");
        Ok(())
    }

    fn remove_ended(&self, _: UnixSeconds) -> Result<(), StoreError> {
        self.note("remove_ended");
        Ok(())
    }

    fn stop(&self) {
        self.note("stop");
    }
}

#[test]
fn a_shared_store_gets_every_call() {
    fn call_each_method(store: impl SessionStore) {
        let key = SessionKey::new(&endpoint(), &credential(), SessionOptions::default());
        store.load(&key).unwrap();
        store.renew_exclusively(&key, Duration::ZERO, &mut |_| None).unwrap();
        store.renew_many(&[key], &mut |sessions| sessions).unwrap();
        store.remove_ended(UnixSeconds(0)).unwrap();
        store.stop();
    }

    let store = Arc::new(NotingStore::default());
    call_each_method(Arc::clone(&store));
    call_each_method(Box::new(Arc::clone(&store)));
    let methods = ["load", "renew_exclusively", "renew_many", "remove_ended", "stop"];
    assert_eq!(*store.0.lock().unwrap(), [methods, methods].concat());
}
