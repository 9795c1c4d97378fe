use std::ops::{Deref, DerefMut};

use parking_lot::{Mutex, MutexGuard};

use crate::server::Server;

/// The size in bytes above which work is done while the server is unlocked. For less, handing the lock to another thread and
/// getting it back takes longer than the work.
const LARGE: usize = 16 << 10;

/// Exclusive access to the server while a request is handled.
pub(crate) struct LockedServer<'a> {
    server: MutexGuard<'a, Server>,
    /// The size of the request in bytes.
    pub(super) request_size: usize,
}

impl<'a> LockedServer<'a> {
    pub(crate) fn lock(server: &'a Mutex<Server>, request_size: usize) -> Self {
        Self { server: server.lock(), request_size }
    }

    /// `None` if another thread has locked the server.
    pub(crate) fn try_lock(server: &'a Mutex<Server>, request_size: usize) -> Option<Self> {
        Some(Self { server: server.try_lock()?, request_size })
    }

    /// Like [`while_unlocked`](Self::while_unlocked), but only for work on many bytes.
    pub(crate) fn while_unlocked_if_large<T>(&mut self, bytes: usize, work: impl FnOnce() -> T) -> T {
        if bytes > LARGE { self.while_unlocked(work) } else { work() }
    }

    /// Unlocks the server for work that takes long and does not need it, and then locks it again.
    ///
    /// The lock is fair: the request that has waited longest gets it next. An unfair lock would give it straight back
    /// to this thread, and one large multirequest would starve all other requests.
    pub(crate) fn while_unlocked<T>(&mut self, work: impl FnOnce() -> T) -> T {
        MutexGuard::unlocked_fair(&mut self.server, work)
    }
}

impl Deref for LockedServer<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for LockedServer<'_> {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use crate::wire::request::WireRequest;

    #[test]
    fn the_server_is_unlocked_only_during_large_work() {
        let fake = Fake::new();
        let is_free = || fake.server().try_lock().is_some();
        let mut locked = LockedServer::lock(fake.server(), 0);
        assert!(!is_free());
        assert!(locked.while_unlocked(is_free));
        assert!(locked.while_unlocked_if_large(LARGE + 1, is_free));
        assert!(!locked.while_unlocked_if_large(LARGE, is_free));
        assert!(!is_free());
        drop(locked);
    }

    #[test]
    fn a_request_is_tried_only_if_no_thread_uses_the_server() {
        let fake = Fake::new();
        let request = WireRequest {
            method: "GET".into(),
            target: "/api_v3/service/system/action/ping".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let locked = LockedServer::lock(fake.server(), 0);
        assert!(fake.try_handle_parsed(&request.parse()).is_none());
        drop(locked);
        assert!(fake.try_handle_parsed(&request.parse()).is_some());
        assert_eq!(fake.journal().count("system.ping"), 1);
    }
}
