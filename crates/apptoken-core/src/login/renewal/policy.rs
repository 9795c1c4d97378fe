use core::time::Duration;

use crate::exchange::retry::{backoff, random};

/// When a session is renewed.
///
/// All windows are relative to the session's lifetime. No session is renewed in the first half of its lifetime, so with any
/// policy there are at most two renewals in a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalPolicy {
    /// The start of the refresh window, in percent of the lifetime before the expiry. In it the session is renewed while it is
    /// still used. 25 by default, so that a session of one day survives an outage of six hours.
    pub advisory_percent: u8,
    /// The jitter: the start of the refresh window is delayed at random by up to this many percent of the window, so that many
    /// processes do not renew at the same time. 20 by default.
    pub jitter_percent: u8,
    /// The start of the mandatory window, in percent of the lifetime before the expiry. In it callers wait for the renewal; the
    /// session is used only if that fails. 5 by default.
    pub mandatory_percent: u8,
    /// The longest mandatory window; 60 s by default.
    pub longest_mandatory: Duration,
    /// The pause after a failed renewal, which doubles with each further failure (backoff). 1 s by default.
    pub first_pause: Duration,
    /// The longest such pause; 30 s by default.
    pub longest_pause: Duration,
    /// The pause after a permanent failure, such as an expired app token; 60 s by default. After it the renewal is tried again:
    /// an administrator may have fixed the cause.
    pub permanent_failure_pause: Duration,
    /// The seed of the jitter. The same seed gives the same jitter, so each process needs its own.
    pub jitter_seed: u64,
}

impl Default for RenewalPolicy {
    fn default() -> Self {
        Self {
            advisory_percent: 25,
            jitter_percent: 20,
            mandatory_percent: 5,
            longest_mandatory: Duration::from_secs(60),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            permanent_failure_pause: Duration::from_secs(60),
            jitter_seed: 0,
        }
    }
}

/// The ages at which a session enters its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) advisory: Duration,
    pub(super) mandatory: Duration,
    pub(super) end: Duration,
}

impl RenewalPolicy {
    /// The windows of a session with this lifetime, after `renewals` renewals. Each renewal has its own jitter.
    pub(super) fn windows(&self, lifetime: Duration, renewals: u64) -> Windows {
        let lifetime = lifetime.clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME);
        let half = lifetime / 2;
        let end = lifetime.saturating_sub(SERVER_CLOCK_RESOLUTION).max(half);
        let mandatory_window = percent(lifetime, self.mandatory_percent).min(self.longest_mandatory);
        let mandatory = end.saturating_sub(mandatory_window).max(half);
        let window = percent(lifetime, self.advisory_percent);
        let delay = self.delay(lifetime, renewals);
        let advisory = lifetime.saturating_sub(window).saturating_add(delay).max(half).min(mandatory);
        Windows { advisory, mandatory, end }
    }

    /// The random delay of the advisory window.
    pub(super) fn delay(&self, lifetime: Duration, renewals: u64) -> Duration {
        let window = percent(lifetime.min(LONGEST_LIFETIME), self.advisory_percent);
        percent(window, self.jitter_percent).mul_f64(random(self.jitter_seed, renewals))
    }

    /// The pause after the `failures`th failure in a row.
    pub(super) fn pause_after(&self, failures: u32) -> Duration {
        let random = random(self.jitter_seed, u64::from(failures).wrapping_add(PAUSES));
        backoff(self.first_pause, self.longest_pause, failures, random).max(SHORTEST_PAUSE)
    }
}

/// A shorter lifetime is taken for this one: the server counts in whole seconds, and zero would mean a renewal for each call.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(1);

/// A century. The floating-point arithmetic below overflows with much longer times, which a hostile reply can contain.
const LONGEST_LIFETIME: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The server reports its time in whole seconds, so a session can be up to one second older than it seems.
const SERVER_CLOCK_RESOLUTION: Duration = Duration::from_secs(1);

/// Long enough for all waiters of a failed renewal to get its error before the next one starts.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Makes the jitter of pauses independent of that of windows.
const PAUSES: u64 = 1 << 32;

fn percent(duration: Duration, percent: u8) -> Duration {
    duration / 100 * u32::from(percent.min(100))
}

#[cfg(test)]
mod tests {
    use super::super::tests::any_policy;
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn windows_scale_with_the_lifetime() {
        let policy = RenewalPolicy { jitter_percent: 0, ..RenewalPolicy::default() };
        for (lifetime, advisory, mandatory, end) in [
            (86_400.0, 64_800.0, 86_339.0, 86_399.0),
            (3600.0, 2700.0, 3539.0, 3599.0),
            (90.0, 67.5, 84.5, 89.0),
            (5.0, 3.75, 3.75, 4.0),
            (2.0, 1.0, 1.0, 1.0),
            (1.0, 0.5, 0.5, 0.5),
            (0.0, 0.5, 0.5, 0.5),
        ] {
            let expected = Windows { advisory: seconds(advisory), mandatory: seconds(mandatory), end: seconds(end) };
            assert_eq!(policy.windows(seconds(lifetime), 0), expected, "{lifetime}");
        }
    }

    #[test]
    fn jitter_spreads_the_start_of_renewal() {
        let starts = (0..1000).map(|jitter_seed| {
            RenewalPolicy { jitter_seed, ..RenewalPolicy::default() }.windows(seconds(3600.0), 1).advisory.as_secs()
        });
        let starts: Vec<u64> = starts.collect();
        assert!(starts.iter().all(|start| (2700..=2880).contains(start)));
        let in_first_half = starts.iter().filter(|start| **start < 2790).count();
        assert!((400..600).contains(&in_first_half), "{in_first_half}");
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RenewalPolicy::default();
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (40, 30)] {
            let pause = policy.pause_after(failures);
            let full = Duration::from_secs(full);
            assert!(pause <= full && pause >= full / 2, "{failures}: {pause:?}");
        }
    }

    #[test]
    fn jitter_of_pauses_is_independent_of_that_of_windows() {
        let policy =
            RenewalPolicy { first_pause: seconds(1.0), longest_pause: seconds(1.0), ..RenewalPolicy::default() };
        for count in 1..=20 {
            let by_window = random(policy.jitter_seed, count.into());
            let by_pause = 2.0 * (1.0 - policy.pause_after(count).as_secs_f64());
            assert!((by_window - by_pause).abs() > 1e-6, "{count}: {by_window}");
        }
    }

    proptest! {
        #[test]
        fn windows_are_in_order_and_in_the_second_half_of_the_lifetime(
            policy in any_policy(), lifetime in 0..3_000_000_000_000_000_000_u64, renewals: u64,
        ) {
            let lifetime = Duration::from_nanos(lifetime);
            let Windows { advisory, mandatory, end } = policy.windows(lifetime, renewals);
            prop_assert!(advisory <= mandatory && mandatory <= end);
            prop_assert!(advisory >= lifetime / 2 && advisory >= Duration::from_millis(500));
            prop_assert!(end <= lifetime.max(SHORTEST_LIFETIME));
        }

        #[test]
        fn any_lifetime_and_count_has_windows_and_pauses(lifetime_seconds: u64, renewals: u64, failures: u32, first: u64) {
            let policy = RenewalPolicy {
                first_pause: Duration::from_secs(first),
                longest_pause: Duration::MAX,
                ..RenewalPolicy::default()
            };
            let _ = (policy.windows(Duration::from_secs(lifetime_seconds), renewals), policy.pause_after(failures));
        }
    }
}
