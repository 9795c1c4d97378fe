use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use apptoken_core::{Clock, Moment, UnixSeconds};

/// The clock of a fake. It is frozen until a test moves it, or it runs with the system clock and can also be moved.
///
/// Clones share the time. It implements [`Clock`] for the code under test: `sleep` advances it and returns at once, so
/// tests never wait.
#[derive(Clone)]
pub struct FakeClock {
    shared: Arc<SharedTime>,
}

struct SharedTime {
    /// The wall clock in nanoseconds since 1970, without the time since `running_since`.
    wall: AtomicI64,
    /// The monotonic clock in nanoseconds, without the time since `running_since`.
    elapsed: AtomicI64,
    running_since: Option<Instant>,
}

const NANOS: i64 = 1_000_000_000;

impl FakeClock {
    /// A frozen clock at this time.
    #[must_use]
    pub fn frozen_at(time: UnixSeconds) -> Self {
        Self::new(time.0.saturating_mul(NANOS), None)
    }

    /// A clock that starts at the system time and runs.
    #[must_use]
    pub fn running() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::new(nanos(since_1970), Some(Instant::now()))
    }

    fn new(wall: i64, running_since: Option<Instant>) -> Self {
        let shared = SharedTime { wall: AtomicI64::new(wall), elapsed: AtomicI64::new(0), running_since };
        Self { shared: Arc::new(shared) }
    }

    /// The wall clock time in whole seconds.
    #[must_use]
    pub fn time(&self) -> UnixSeconds {
        let wall = self.shared.wall.load(Ordering::Relaxed).saturating_add(self.since_start());
        UnixSeconds(wall.div_euclid(NANOS))
    }

    /// Advances the wall clock and the monotonic clock.
    pub fn advance(&self, duration: Duration) {
        add(&self.shared.wall, nanos(duration));
        add(&self.shared.elapsed, nanos(duration));
    }

    /// Sets the wall clock, forward or back, as an administrator or NTP does. The monotonic clock ([`Moment::elapsed`])
    /// does not change.
    pub fn set(&self, time: UnixSeconds) {
        let since_start = self.since_start();
        self.shared.wall.store(time.0.saturating_mul(NANOS).saturating_sub(since_start), Ordering::Relaxed);
    }

    fn since_start(&self) -> i64 {
        self.shared.running_since.map_or(0, |start| nanos(start.elapsed()))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Moment {
        let elapsed = self.shared.elapsed.load(Ordering::Relaxed).saturating_add(self.since_start());
        Moment { wall: self.time(), elapsed: Duration::from_nanos(elapsed.unsigned_abs()) }
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

impl fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FakeClock({})", self.time())
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn add(to: &AtomicI64, amount: i64) {
    let _ = to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(now.saturating_add(amount)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_advances_every_clone() {
        let clock = FakeClock::frozen_at(UnixSeconds(1_000));
        let other = clock.clone();
        clock.sleep(Duration::from_millis(2_500));
        assert_eq!(other.now(), Moment { wall: UnixSeconds(1_002), elapsed: Duration::from_millis(2_500) });
    }

    #[test]
    fn setting_the_wall_clock_leaves_the_monotonic_clock() {
        let clock = FakeClock::frozen_at(UnixSeconds(1_000));
        clock.advance(Duration::from_secs(5));
        clock.set(UnixSeconds(10));
        assert_eq!(clock.now(), Moment { wall: UnixSeconds(10), elapsed: Duration::from_secs(5) });
    }

    #[test]
    fn a_running_clock_can_be_moved() {
        let clock = FakeClock::running();
        let before = clock.time();
        clock.advance(Duration::from_secs(3_600));
        assert!(clock.time().seconds_since(before) >= 3_600);
        clock.set(UnixSeconds(50));
        assert!((50..60).contains(&clock.time().0));
    }
}
