use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use apptoken_core::{Clock, Moment, UnixSeconds};

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose elapsed time counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = UnixSeconds(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX));
        Moment { wall, elapsed: self.origin.elapsed() }
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_clocks() {
        let clock = SystemClock::new();
        let (first, second) = (clock.now(), clock.now());
        assert!(first.wall.0 > 1_700_000_000);
        assert!(second.elapsed >= first.elapsed);
    }
}
