use std::ops::{Deref, DerefMut};

use parking_lot::{Mutex, MutexGuard};

use crate::server::Server;

/// A request's turn at the server. One request has it at a time.
pub(crate) struct LockedServer<'a>(MutexGuard<'a, Server>);

impl<'a> LockedServer<'a> {
    pub(crate) fn lock(server: &'a Mutex<Server>) -> Self {
        Self(server.lock())
    }

    /// Does what takes long and needs no server, while other requests have their turns.
    ///
    /// The longest waiting request comes next, and this one goes on behind all that wait.
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
    fn others_have_the_server_while_work_is_done_aside() {
        let fake = Fake::new();
        let mut locked = LockedServer::lock(fake.server());
        assert!(fake.server().try_lock().is_none());
        assert!(locked.while_unlocked(|| fake.server().try_lock().is_some()));
        assert!(fake.server().try_lock().is_none());
        drop(locked);
    }
}
