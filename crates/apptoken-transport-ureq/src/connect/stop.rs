use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::{fmt, thread};

use apptoken_core::TransportFailure;
use ureq::Error;

use super::deadline::Deadline;

/// Ends the waits that shutting a socket down cannot end: for a name and for a connection.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl StopSignal {
    /// Ends all waits, those of the future too.
    pub(crate) fn set(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// What `work` returns in a thread of its own, unless the signal or the deadline comes first. The thread then goes on,
    /// and its result is dropped: no system call that it may be in can be interrupted everywhere.
    pub(super) fn wait_for<T: Send + 'static>(
        self: &Arc<Self>,
        deadline: Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let signal = Arc::clone(self);
        thread::Builder::new().spawn(move || {
            // Nobody waits for it any more if this fails.
            let _ = sender.send(work());
            // Under the lock, so that it does not come between a look at the channel and the wait.
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

/// The cause of every failure after the transport, or the agent of the caller's, was stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopError;

impl StopError {
    pub(crate) fn before_sending(self) -> TransportFailure {
        Self::finish(TransportFailure::not_sent(self))
    }

    /// What a call ends with during which the transport was stopped.
    pub(crate) fn during(self, failure: Option<&TransportFailure>) -> TransportFailure {
        if failure.is_some_and(TransportFailure::is_not_sent) {
            self.before_sending()
        } else {
            Self::finish(TransportFailure::unknown(self))
        }
    }

    fn finish(failure: TransportFailure) -> TransportFailure {
        failure.permanent().advise("this program stopped the transport: make another one to send requests again")
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport was stopped")
    }
}

impl std::error::Error for StopError {}
