use core::time::Duration;

use crate::exchange::retry::{backoff, random};

/// When a session is renewed, as data.
///
/// Everything scales with the session's lifetime, and no session is renewed before half of its life is over: whatever
/// the policy says, there are at most two renewals in a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalPolicy {
    /// How many percent of its lifetime before its end a session begins to be renewed while it is still handed out; 25
    /// by default, so that a session of a day outlives a server that is away for six hours.
    pub advisory_percent: u8,
    /// The start of that window is put off at random by up to so many percent of it, so that many processes do not
    /// renew at once; 20 by default.
    pub jitter_percent: u8,
    /// How many percent of its lifetime before its end a session is no longer handed out, unless renewing it fails; 5 by
    /// default.
    pub mandatory_percent: u8,
    /// That window is never longer; 60 s by default.
    pub longest_mandatory: Duration,
    /// The pause after a failed renewal; it doubles with each one that fails after it. 1 s by default.
    pub first_pause: Duration,
    /// No pause is longer; 30 s by default.
    pub longest_pause: Duration,
    /// The pause after a failure that does not pass by itself, such as an app token that has expired; 60 s by default.
    /// No failure is remembered for ever.
    pub permanent_failure_pause: Duration,
    /// Decides the random parts. The same seed gives the same ones: give each process its own.
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

/// At which age a session enters which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) advisory: Duration,
    pub(super) mandatory: Duration,
    pub(super) end: Duration,
}

impl RenewalPolicy {
    /// The windows of a session that lasts for `lifetime`; the `renewals`th of its kind.
    pub(super) fn windows(&self, lifetime: Duration, renewals: u64) -> Windows {
        let lifetime = lifetime.clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME);
        let half = lifetime / 2;
        let end = lifetime.saturating_sub(SERVER_TICK).max(half);
        let mandatory_window = percent(lifetime, self.mandatory_percent).min(self.longest_mandatory);
        let mandatory = end.saturating_sub(mandatory_window).max(half);
        let window = percent(lifetime, self.advisory_percent);
        let put_off = percent(window, self.jitter_percent).mul_f64(random(self.jitter_seed, renewals));
        let advisory = lifetime.saturating_sub(window).saturating_add(put_off).max(half).min(mandatory);
        Windows { advisory, mandatory, end }
    }

    /// The pause after the `failures`th failure in a row.
    pub(super) fn pause_after(&self, failures: u32) -> Duration {
        let random = random(self.jitter_seed, u64::from(failures).wrapping_add(PAUSES));
        backoff(self.first_pause, self.longest_pause, failures, random).max(SHORTEST_PAUSE)
    }
}

/// A session that is told to last for less is taken to last for so long: the server counts in whole seconds.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(1);

/// A century: beyond it nothing is gained by reckoning, and the arithmetic of floating-point numbers overflows.
const LONGEST_LIFETIME: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The server tells its time in whole seconds, so that up to one of the session's had passed when it told it.
const SERVER_TICK: Duration = Duration::from_secs(1);

/// Long enough for everyone who waited for a renewal to hear that it failed before the next one begins.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Keeps the random parts of pauses apart from those of windows.
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

    proptest! {
        #[test]
        fn windows_are_in_order_and_leave_half_of_the_life_alone(
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
