//! The measurements. Each makes rows of the table.

pub(crate) mod cached;
pub(crate) mod core;
pub(crate) mod emulator;
pub(crate) mod logins;
pub(crate) mod machine;
pub(crate) mod peers;
pub(crate) mod processes;
pub(crate) mod server;
pub(crate) mod weight;

use std::error::Error;
use std::time::{Duration, Instant};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The result of some work, and the seconds that it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed().as_secs_f64())
}

/// The seconds that one of many repetitions takes.
pub(crate) fn seconds_each(repetitions: u32, mut work: impl FnMut()) -> f64 {
    let ((), seconds) = timed(|| (0..repetitions).for_each(|_| work()));
    seconds / f64::from(repetitions)
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
