use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::{fmt, thread};

use apptoken_core::TransportFailure;
use ureq::Error;

use super::deadline::Deadline;

/// Ends the waits that the shutdown of a socket cannot end: for name resolution and for a connection.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl StopSignal {
    /// Ends all waits, later ones too.
    pub(crate) fn set(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Runs `work` on its own thread and returns its result, unless the signal or the deadline comes first. The thread then
    /// continues and its result is dropped, because its system call cannot be interrupted on all systems.
    pub(super) fn wait_for<T: Send + 'static>(
        self: &Arc<Self>,
        deadline: Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let signal = Arc::clone(self);
        thread::Builder::new().spawn(move || {
            // This fails if nobody waits for the result any more.
            let _ = sender.send(work());
            // Under the lock, so that the wake-up does not happen between the check of the channel and the wait.
            let _is_set = signal.lock();
            signal.changed.notify_all();
        })?;
        let mut is_set = self.lock();
        loop {
            if let Ok(result) = receiver.try_recv() {
                return Ok(result);
            }
            if *is_set {
                return Err(Error::Other(Box::new(StopError)));
            }
            is_set = match deadline.left()? {
                Some(left) => self.changed.wait_timeout(is_set, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(is_set).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cause of each failure after the transport, or the caller's agent, was stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopError;

impl StopError {
    pub(crate) fn before_sending(self) -> TransportFailure {
        Self::finish(TransportFailure::not_sent(self))
    }

    /// The failure of a call during which the transport was stopped.
    pub(crate) fn during(self, failure: Option<&TransportFailure>) -> TransportFailure {
        if failure.is_some_and(TransportFailure::is_not_sent) {
            self.before_sending()
        } else {
            Self::finish(TransportFailure::unknown(self))
        }
    }

    fn finish(failure: TransportFailure) -> TransportFailure {
        failure.permanent().advise("this program stopped the transport: create another one to send more requests")
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport was stopped")
    }
}

impl std::error::Error for StopError {}
