use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::{fmt, thread};

use apptoken_core::TransportFailure;
use ureq::Error;

use super::deadline::Deadline;

/// Ends the waits that a socket shutdown cannot end: name resolution and connecting.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl StopSignal {
    /// Ends all current and future waits.
    pub(crate) fn set(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Runs `work` on a new thread and returns its result, unless the signal or the deadline comes first. The thread
    /// then continues and its result is dropped, because its system call cannot be interrupted on every platform.
    pub(super) fn wait_for<T: Send + 'static>(
        self: &Arc<Self>,
        deadline: Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let signal = Arc::clone(self);
        thread::Builder::new().spawn(move || {
            // This fails only if the caller no longer waits.
            let _ = sender.send(work());
            // Notify while holding the lock, so that the caller cannot miss it between reading the channel and waiting.
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

/// The cause of every failure after the transport, or the agent of the caller, was stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopError;

impl StopError {
    pub(crate) fn before_sending(self) -> TransportFailure {
        Self::finish(TransportFailure::not_sent(self))
    }

    /// The failure of a call that was running when the transport was stopped.
    pub(crate) fn during(self, failure: Option<&TransportFailure>) -> TransportFailure {
        if failure.is_some_and(TransportFailure::is_not_sent) {
            self.before_sending()
        } else {
            Self::finish(TransportFailure::unknown(self))
        }
    }

    fn finish(failure: TransportFailure) -> TransportFailure {
        failure.permanent().advise("this program stopped the transport: create another one to send requests")
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport was stopped")
    }
}

impl std::error::Error for StopError {}
