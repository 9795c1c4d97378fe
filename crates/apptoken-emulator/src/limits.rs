//! Limits for clients.

use std::time::Duration;

use tokio::sync::Semaphore;

/// What a client may send, and how long it may take. The defaults are similar to those of common web servers.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let mut limits = apptoken_emulator::Limits::default();
/// limits.head_time = Duration::from_millis(200);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The maximum size of a request body in bytes; a larger one gets status 413. Default: 8 MiB.
    pub body_bytes: usize,
    /// The same for the form of `uploadToken.upload`. Default: 4 GiB.
    pub upload_bytes: u64,
    /// A form of `uploadToken.upload` that is larger than this is streamed: its file is counted and hashed as it arrives,
    /// and not kept. Without its file it may have `body_bytes`. Default: 32 MiB.
    pub upload_memory: usize,
    /// The maximum size of path and query in bytes; larger ones get status 414. Default: 8190.
    pub target_bytes: usize,
    /// The maximum size of request line and headers in bytes; larger ones get status 431. Default: 64 KiB.
    pub head_bytes: usize,
    /// How long a connection may wait for complete headers of the next request, for idle and slow clients. Default: 60
    /// seconds.
    pub head_time: Duration,
    /// How long receiving a request body may take, including waiting for memory; a slower one gets status 408. A streamed
    /// upload may take as long for each `upload_memory` bytes. Default: 30 seconds.
    pub body_time: Duration,
    /// How long a client may pause reading a reply. Default: 30 seconds.
    pub write_time: Duration,
    /// How long a client may continue to send after an error status before its connection is reset. Default: 2 seconds.
    pub linger_time: Duration,
    /// The maximum number of open connections; further ones wait. Default: 10,000.
    pub connections: usize,
    /// How long the emulator waits for running requests when it stops. Default: 1 second.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            upload_bytes: 4 << 30,
            upload_memory: 32 << 20,
            target_bytes: 8190,
            head_bytes: 64 << 10,
            head_time: Duration::from_secs(60),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            linger_time: Duration::from_secs(2),
            connections: 10_000,
            stop_time: Duration::from_secs(1),
        }
    }
}

/// A year: practically unlimited, but small enough to be added to a time without overflow.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

impl Limits {
    /// Reduces values that tokio cannot use.
    pub(crate) fn clamped(self) -> Self {
        Self {
            head_time: self.head_time.min(LONGEST),
            write_time: self.write_time.min(LONGEST),
            connections: self.connections.min(Semaphore::MAX_PERMITS),
            ..self
        }
    }
}
