//! Runs the operations on a thread of its own, and waits for their results for a limited time.
//!
//! The client's own limits are for each read, so a server that sends a byte now and then, or a name server that hangs, would hold
//! an operation for any time.

use std::collections::HashSet;
use std::mem;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use apptoken_core::login::store::{StoreError, StoreErrorKind};
use arc_swap::ArcSwapOption;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};

use crate::address::Address;
use crate::server::{AnyConnection, Server};

type Job = Box<dyn FnOnce(&mut Server) + Send>;

/// The worker of this process, and who may start another.
pub(crate) struct Worker {
    address: Address,
    root_certificates: Option<Vec<u8>>,
    limit: Duration,
    of_process: ArcSwapOption<OfProcess>,
}

/// In the child of a fork the worker's thread does not exist, and its connection is the parent's.
pub(crate) struct OfProcess {
    process: u32,
    state: Mutex<State>,
    /// Which threads renew which sessions.
    pub(crate) renewals: Mutex<HashSet<(String, ThreadId)>>,
    /// The threads that run, also those that nobody waits for any more.
    threads: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    jobs: Option<Sender<Job>>,
    /// The number of the present thread.
    thread: u64,
    paused_until: Option<Instant>,
}

/// After an operation that took too long, the next ones fail at once for this time. A login has several operations, and waits
/// for one of them only.
const PAUSE: Duration = Duration::from_secs(2);

/// A thread that hangs is left alone, and ends when its server does. If so many hang, no operation starts until one has ended.
const MOST_THREADS: usize = 4;

impl Worker {
    pub(crate) fn new(address: Address, root_certificates: Option<Vec<u8>>, limit: Duration) -> Self {
        Self { address, root_certificates, limit, of_process: ArcSwapOption::const_empty() }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Runs an operation within the limit. It may run twice, on two connections.
    ///
    /// A process that was suspended finds the limit over, whatever Redis answered. So it has the limit once more.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut AnyConnection) -> RedisResult<T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let (begun, operation) = (Instant::now(), Arc::new(operation));
        match self.run_once(Arc::clone(&operation)) {
            Err(error) if error.kind() == StoreErrorKind::Unavailable && self.was_suspended_since(begun) => {
                self.run_once(operation)
            }
            result => result,
        }
    }

    /// A process that runs waits for no longer than the limit.
    fn was_suspended_since(&self, begun: Instant) -> bool {
        begun.elapsed() > 2 * self.limit
    }

    fn run_once<T: Send + 'static>(
        &self,
        operation: Arc<impl Fn(&mut AnyConnection) -> RedisResult<T> + Send + Sync + 'static>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let deadline = begun + self.limit;
        let of_process = self.of_process();
        let (jobs, thread) = self.jobs(&of_process)?;
        let (answer, answered) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |server| {
            // Nobody waits for it any more if the operations before it took all the time.
            if Instant::now() < deadline {
                let _ = answer.send(server.run(deadline, &*operation));
            }
        });
        let result = match jobs.send(job) {
            Ok(()) => answered.recv_timeout(self.limit).ok(),
            Err(_) => None,
        };
        let pause = if self.was_suspended_since(begun) { Duration::ZERO } else { PAUSE };
        match result {
            Some(Ok(result)) => Ok(result),
            Some(Err(error)) => {
                if error.is_timeout() {
                    of_process.abandon(thread, pause);
                }
                Err(self.failed(&error))
            }
            None => {
                of_process.abandon(thread, pause);
                let limit = self.limit;
                Err(self.unavailable(format!("no answer within {limit:?}")))
            }
        }
    }

    /// The thread that runs operations; started if there is none.
    fn jobs(&self, of_process: &OfProcess) -> Result<(Sender<Job>, u64), StoreError> {
        let mut state = of_process.state();
        if state.paused_until.is_some_and(|until| Instant::now() < until) {
            return Err(self.unavailable("it did not answer in time just now"));
        }
        if let Some(jobs) = &state.jobs {
            return Ok((jobs.clone(), state.thread));
        }
        if of_process.threads.load(Ordering::SeqCst) >= MOST_THREADS {
            return Err(self.unavailable("it holds several connections without finishing its answers"));
        }
        let client = self.address.client(self.root_certificates.as_deref());
        let mut server = Server::new(client.map_err(|error| self.unavailable(error.to_string()))?);
        let (jobs, received) = mpsc::channel::<Job>();
        let running = Running::count(&of_process.threads);
        let started = thread::Builder::new().name("apptoken-redis".to_owned()).spawn(move || {
            let _running = running;
            // Ends when the sender is dropped.
            while let Ok(job) = received.recv() {
                job(&mut server);
            }
        });
        started.map_err(|error| self.unavailable(error.to_string()))?;
        state.thread += 1;
        state.jobs = Some(jobs.clone());
        Ok((jobs, state.thread))
    }

    /// What belongs to this process.
    pub(crate) fn of_process(&self) -> Arc<OfProcess> {
        let process = process::id();
        loop {
            let current = self.of_process.load_full();
            match current {
                Some(current) if current.process == process => return current,
                inherited => {
                    let own = OfProcess {
                        process,
                        state: Mutex::default(),
                        renewals: Mutex::default(),
                        threads: Arc::default(),
                    };
                    self.of_process.compare_and_swap(&inherited, Some(Arc::new(own)));
                    // To drop the parent's channel would use its locks.
                    mem::forget(inherited);
                }
            }
        }
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        let kind = match error.kind() {
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain,
            )
            | ErrorKind::Io => StoreErrorKind::Unavailable,
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StoreErrorKind::Foreign,
            _ => StoreErrorKind::Refused,
        };
        StoreError::caused_by(kind, error.to_string()).at(self.address.to_string())
    }

    fn unavailable(&self, why: impl Into<String>) -> StoreError {
        StoreError::caused_by(StoreErrorKind::Unavailable, why.into()).at(self.address.to_string())
    }
}

impl OfProcess {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a thread alone, which ends with its operation, and pauses.
    fn abandon(&self, thread: u64, pause: Duration) {
        let mut state = self.state();
        if state.thread == thread && state.jobs.take().is_some() {
            state.paused_until = Some(Instant::now() + pause);
        }
    }
}

/// Counts a running thread.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn count(threads: &Arc<AtomicUsize>) -> Self {
        threads.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(threads))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
