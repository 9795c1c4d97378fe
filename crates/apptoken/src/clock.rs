use std::time::Duration;

use apptoken_core::{Clock, Moment, UnixSeconds};

use self::clocks::{running_time, since_epoch};

/// The clocks of this machine.
///
/// On Linux elapsed time goes on while the machine is suspended, and the date is exact to some milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Duration,
}

impl SystemClock {
    /// A clock whose elapsed time counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: running_time() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let wall = UnixSeconds(i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX));
        Moment { wall, elapsed: running_time().saturating_sub(self.origin) }
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The clocks that cost least to read: a session that is cached must cost next to nothing.
#[cfg(target_os = "linux")]
mod clocks {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn running_time() -> Duration {
        duration(clock_gettime(ClockId::Boottime))
    }

    pub(super) fn since_epoch() -> Duration {
        duration(clock_gettime(ClockId::RealtimeCoarse))
    }

    fn duration(time: Timespec) -> Duration {
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }
}

#[cfg(not(target_os = "linux"))]
mod clocks {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    pub(super) fn running_time() -> Duration {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        FIRST.get_or_init(Instant::now).elapsed()
    }

    pub(super) fn since_epoch() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
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
        assert!(second.elapsed >= first.elapsed && second.elapsed < Duration::from_secs(3600));
        let standard = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(standard.abs_diff(first.wall.0.unsigned_abs()) <= 2);
    }
}
