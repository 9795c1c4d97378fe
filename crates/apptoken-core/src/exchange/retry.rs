//! The retry policy.

use core::time::Duration;

/// How often a request is repeated after a transient failure, and with which waits.
///
/// A request is repeated only if that is safe (see [`Repeat`](crate::Repeat)), and only after a transient failure. The
/// waits double from [`first_wait`](Self::first_wait) to [`longest_wait`](Self::longest_wait). Each is shortened at random
/// by up to one half, so that many clients do not retry at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The maximum number of attempts for one request; 3 by default, 1 for no repetition. 0 means 1.
    pub attempts: u32,
    /// The wait before the second attempt; 1 s by default.
    pub first_wait: Duration,
    /// The longest wait; 10 s by default.
    pub longest_wait: Duration,
    /// The deadline, measured from the start of the flow: a wait that would end later does not begin. 60 s by default.
    pub deadline: Duration,
    /// The seed for the random part of the waits. The same seed gives the same waits, so use a different one per process.
    pub jitter_seed: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(10),
            deadline: Duration::from_secs(60),
            jitter_seed: 0,
        }
    }
}

impl RetryPolicy {
    /// Sends every request only once.
    #[must_use]
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The longest that a flow of up to `requests` different requests can take, repetitions and waits included, over a
    /// transport that spends up to `longest_request` on each.
    ///
    /// No wait ends after the deadline, and after it each request is sent at most once more.
    #[must_use]
    pub fn longest_flow(&self, requests: u32, longest_request: Duration) -> Duration {
        let each_once = longest_request.saturating_mul(requests);
        if self.attempts > 1 { self.deadline.saturating_add(each_once) } else { each_once }
    }

    /// The wait after a number of consecutive failures of one request, or `None` to give up. `since_start` is the time since the
    /// start of the flow; `at_least` is what the server asked for, which counts even beyond the longest wait, but not beyond the
    /// deadline.
    #[must_use]
    pub fn wait_after(&self, failures: u32, since_start: Duration, at_least: Duration) -> Option<Duration> {
        if failures >= self.attempts.max(1) {
            return None;
        }
        let wait = backoff(self.first_wait, self.longest_wait, failures, random(self.jitter_seed, failures.into()));
        let wait = wait.max(at_least);
        (since_start.saturating_add(wait) <= self.deadline).then_some(wait)
    }
}

/// The exponential backoff after a number of consecutive failures, with jitter. `random` is a number from 0 to 1.
pub(crate) fn backoff(first: Duration, longest: Duration, failures: u32, random: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    let full = doubled.min(longest);
    full - full.mul_f64(random / 2.0)
}

/// The `count`th pseudo-random number from 0 to 1 of a seed, by the output function of SplitMix64.
///
/// Jitter needs no cryptographic randomness, and the core must not use the system's.
pub(crate) fn random(seed: u64, count: u64) -> f64 {
    let mut bits = (seed ^ count.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The numbers are the first three of the generator's published implementation with the seed 0.
    #[test]
    fn jitter_is_the_output_of_splitmix64() {
        for (count, expected) in
            [(0, 0xe220_a839_7b1d_cdaf_u64), (1, 0x6e78_9e6a_a1b9_65f4), (2, 0x06c4_5d18_8009_454f)]
        {
            let from_0_to_1 = (expected >> 11) as f64 / 2_f64.powi(53);
            assert!((random(0, count) - from_0_to_1).abs() < f64::EPSILON, "{count}");
        }
        assert!((random(0x9e37_79b9_7f4a_7c15, 0) - random(0, 1)).abs() < f64::EPSILON);
        assert!((random(0x9e37_79b9_7f4a_7c15, 1) - random(0, 0)).abs() < f64::EPSILON);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy { attempts: 8, deadline: Duration::MAX, ..RetryPolicy::default() };
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (6, 10)] {
            let wait = policy.wait_after(failures, Duration::ZERO, Duration::ZERO).unwrap();
            let full = Duration::from_secs(full);
            assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?}");
        }
        assert_eq!(policy.wait_after(8, Duration::ZERO, Duration::ZERO), None);
    }

    #[test]
    fn no_wait_ends_after_the_deadline() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.wait_after(1, Duration::from_secs(60), Duration::ZERO), None);
        assert!(policy.wait_after(1, Duration::from_secs(58), Duration::ZERO).is_some());
    }

    #[test]
    fn the_longest_flow_ends_soon_after_the_deadline() {
        let seconds = Duration::from_secs;
        let policy = RetryPolicy::default();
        assert_eq!(policy.longest_flow(1, seconds(30)), seconds(60 + 30));
        assert_eq!(policy.longest_flow(3, seconds(30)), seconds(60 + 3 * 30));
        assert_eq!(RetryPolicy::none().longest_flow(4, seconds(30)), seconds(4 * 30));
        let endless = RetryPolicy { attempts: u32::MAX, deadline: Duration::MAX, ..policy };
        assert_eq!(endless.longest_flow(u32::MAX, Duration::MAX), Duration::MAX);
    }

    proptest! {
        #[test]
        fn no_flow_takes_longer_than_the_longest_flow(
            attempts in 0..6_u32,
            first in 0..20_u64,
            longest in 0..40_u64,
            deadline in 0..200_u64,
            jitter_seed: u64,
            request in 0..40_u64,
            at_least in 0..100_u64,
            failures in prop::collection::vec(0..6_u32, 1..5),
        ) {
            let [first_wait, longest_wait, deadline, request] =
                [first, longest, deadline, request].map(Duration::from_secs);
            let policy = RetryPolicy { attempts, first_wait, longest_wait, deadline, jitter_seed };
            let mut elapsed = Duration::ZERO;
            'flow: for failures in &failures {
                for failure in 1..=*failures {
                    elapsed += request;
                    match policy.wait_after(failure, elapsed, Duration::from_secs(at_least)) {
                        Some(wait) => elapsed += wait,
                        None => break 'flow,
                    }
                }
                elapsed += request;
            }
            prop_assert!(elapsed <= policy.longest_flow(failures.len() as u32, request), "{elapsed:?}");
        }

        #[test]
        fn every_policy_gives_up_and_never_panics(attempts in 0..20_u32, first: u64, longest: u64, deadline: u64, jitter_seed: u64, since: u64) {
            let policy = RetryPolicy {
                attempts,
                first_wait: Duration::from_nanos(first),
                longest_wait: Duration::from_nanos(longest),
                deadline: Duration::from_nanos(deadline),
                jitter_seed,
            };
            for failures in 1..25 {
                if let Some(wait) = policy.wait_after(failures, Duration::from_nanos(since), Duration::ZERO) {
                    prop_assert!(failures < attempts && wait <= policy.longest_wait);
                }
            }
        }
    }
}
