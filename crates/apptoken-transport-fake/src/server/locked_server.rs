use std::ops::{Deref, DerefMut};

use parking_lot::{Mutex, MutexGuard};

use crate::server::Server;

/// Exclusive access to the server while a request is handled.
pub(crate) struct LockedServer<'a>(MutexGuard<'a, Server>);

impl<'a> LockedServer<'a> {
    pub(crate) fn lock(server: &'a Mutex<Server>) -> Self {
        Self(server.lock())
    }

    /// Unlocks the server for work that takes long and does not need it, and then locks it again.
    ///
    /// The lock is fair: the request that has waited longest gets it next. An unfair lock would give it straight back
    /// to this thread, and one large multirequest would starve all other requests.
    pub(crate) fn while_unlocked<T>(&mut self, work: impl FnOnce() -> T) -> T {
        MutexGuard::unlocked_fair(&mut self.0, work)
    }
}

impl Deref for LockedServer<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl DerefMut for LockedServer<'_> {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    #[test]
    fn the_server_is_unlocked_during_work_that_does_not_need_it() {
        let fake = Fake::new();
        let mut locked = LockedServer::lock(fake.server());
        assert!(fake.server().try_lock().is_none());
        assert!(locked.while_unlocked(|| fake.server().try_lock().is_some()));
        assert!(fake.server().try_lock().is_none());
        drop(locked);
    }
}
