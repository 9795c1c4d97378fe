use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apptoken_core::{Clock, Moment, UnixSeconds};

use self::clocks::{monotonic_time, wall_time};

/// The monotonic clock and the wall clock of this machine.
///
/// On Linux the monotonic clock counts the time in which the machine is suspended, and the wall clock is exact to a few
/// milliseconds. On other systems the monotonic clock may stop while the machine is suspended.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Duration,
}

impl SystemClock {
    /// A clock whose elapsed time starts at zero now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: monotonic_time() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let wall = UnixSeconds(i64::try_from(wall_time().as_secs()).unwrap_or(i64::MAX));
        Moment { wall, elapsed: monotonic_time().saturating_sub(self.origin) }
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The time as a [`SystemTime`]; `None` if the system cannot represent it.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use apptoken::{UnixSeconds, system_time, unix_seconds};
///
/// let expiry = UnixSeconds(1_795_230_763);
/// assert_eq!(system_time(expiry), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_230_763)));
/// assert_eq!(system_time(expiry).map(unix_seconds), Some(expiry));
/// ```
#[must_use]
pub fn system_time(time: UnixSeconds) -> Option<SystemTime> {
    let distance = Duration::from_secs(time.0.unsigned_abs());
    if time.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// The whole seconds of a [`SystemTime`], as Kaltura counts them. A fraction of a second is dropped, towards the past.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> UnixSeconds {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let up = u64::from(before.subsec_nanos() > 0);
            0_i64.saturating_sub_unsigned(before.as_secs().saturating_add(up))
        }
    };
    UnixSeconds(seconds)
}

/// Linux has a monotonic clock that counts suspension, `CLOCK_BOOTTIME`: by `CLOCK_MONOTONIC`, which `Instant` uses, a session
/// would seem fresh after the machine slept. The coarse wall clock costs less to read, and each call for a cached session
/// reads it; a session's times are whole seconds.
#[cfg(target_os = "linux")]
mod clocks {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn monotonic_time() -> Duration {
        duration(clock_gettime(ClockId::Boottime))
    }

    pub(super) fn wall_time() -> Duration {
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

    pub(super) fn monotonic_time() -> Duration {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        FIRST.get_or_init(Instant::now).elapsed()
    }

    pub(super) fn wall_time() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_are_those_of_the_system() {
        let clock = SystemClock::new();
        let (first, second) = (clock.now(), clock.now());
        assert!(first.wall.0 > 1_700_000_000);
        assert!(second.elapsed >= first.elapsed && second.elapsed < Duration::from_secs(3600));
        let standard = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(standard.abs_diff(first.wall.0.unsigned_abs()) <= 2);
    }
}
