//! What a client may cost.

use std::time::Duration;

use tokio::sync::Semaphore;

/// What a client may send, and how long it may take; the defaults are those of a usual web server.
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
    /// Bytes of a request's body; 413 above. 8 MiB. Memory is taken as they arrive, and bodies above 16 KiB share 128 MiB.
    pub body_bytes: usize,
    /// Bytes of a request's path and query; 414 above. 8190.
    pub target_bytes: usize,
    /// Bytes of a request's line and headers; 431 above. 64 KiB.
    pub head_bytes: usize,
    /// How long a connection may stay open until the next request's head is complete: idle and slow clients alike.
    /// 60 seconds.
    pub head_time: Duration,
    /// How long the body of a request may take, with the time that it waits for memory; 408 above. 30 seconds.
    pub body_time: Duration,
    /// How long a client may read nothing of a reply. 30 seconds.
    pub write_time: Duration,
    /// How long a client that is refused may go on sending before its connection is reset. 2 seconds.
    pub linger_time: Duration,
    /// Connections at one time; further ones wait to be accepted. 10,000.
    pub connections: usize,
    /// How long running requests may take to end when the emulator stops. 1 second.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
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

/// As good as for ever, and short enough to be added to a time.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

impl Limits {
    /// The same limits, where they can be counted with.
    pub(crate) fn countable(self) -> Self {
        Self {
            head_time: self.head_time.min(LONGEST),
            write_time: self.write_time.min(LONGEST),
            connections: self.connections.min(Semaphore::MAX_PERMITS),
            ..self
        }
    }
}
