//! Fleets on virtual time: `docs/fleets.md` has the figures. The decisions are those of the real policy and the pauses those of
//! the real store; Redis and Kaltura are delays.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use apptoken_core::login::renewal::{Decision, Outcome, Renewal, RenewalPolicy, Term};
use apptoken_core::{Moment, UnixSeconds};

use crate::store::{FIRST_POLL, LIMIT, next_poll, spread};

const DAY: u64 = 86_400;

fn at(seconds: u64) -> Moment {
    Moment { wall: UnixSeconds(1_795_230_763 + seconds as i64), elapsed: Duration::from_secs(seconds) }
}

/// What happened in each second.
#[derive(Default)]
struct PerSecond(BTreeMap<u64, u64>);

impl PerSecond {
    fn add(&mut self, second: u64, count: u64) {
        *self.0.entry(second).or_default() += count;
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The number in the busiest minute after this time.
    fn busiest_minute(&self, after: u64) -> u64 {
        let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
        self.0.range(after..).for_each(|(second, count)| *minutes.entry(second / 60).or_default() += count);
        minutes.values().max().copied().unwrap_or_default()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Load {
    logins: u64,
    requests_to_redis: u64,
    /// In the busiest minute after the start.
    most_logins: u64,
    most_requests_to_redis: u64,
}

/// Identities that each are used on several machines, from a cold start on, for some days. Each machine asks as soon as a session
/// is due, as a refresher does.
fn days(identities: u64, machines_of_each: u64, lifetime: u64, days: u64) -> Load {
    let (mut logins, mut requests) = (PerSecond::default(), PerSecond::default());
    for identity in 0..identities {
        // When the session in the store was started.
        let mut stored: Option<u64> = None;
        let mut machines: Vec<Renewal> = (0..machines_of_each)
            .map(|machine| {
                let jitter_seed = (identity * machines_of_each + machine).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                Renewal::new(RenewalPolicy { jitter_seed, ..RenewalPolicy::default() })
            })
            .collect();
        let mut used: Vec<Option<u64>> = vec![None; machines.len()];
        let mut due: BinaryHeap<Reverse<(u64, usize)>> =
            (0..machines.len()).map(|machine| Reverse((0, machine))).collect();
        while let Some(Reverse((now, machine))) = due.pop() {
            if now >= days * DAY {
                continue;
            }
            let (Some(renewal), Some(own)) = (machines.get_mut(machine), used.get_mut(machine)) else { continue };
            let term = |started: u64| Term {
                lifetime: Duration::from_secs(lifetime),
                age: Duration::from_secs(now - started),
                known_at: at(now),
                server_time: None,
            };
            let is_fresh = |started: u64| {
                let mut other = Renewal::new(RenewalPolicy { jitter_seed: machine as u64, ..RenewalPolicy::default() });
                other.record(Outcome::Renewed(term(started)), at(now));
                matches!(other.decide(at(now), false), Decision::Use { .. })
            };
            requests.add(now, 1);
            let started = match stored.filter(|started| Some(*started) != *own && is_fresh(*started)) {
                Some(started) => started,
                None => {
                    logins.add(now, 1);
                    // The lock, and the new session.
                    requests.add(now, 2);
                    now
                }
            };
            (stored, *own) = (Some(started), Some(started));
            renewal.record(Outcome::Renewed(term(started)), at(now));
            if let Decision::Use { until, .. } = renewal.decide(at(now), false) {
                due.push(Reverse((until.elapsed.as_secs().max(now + 1), machine)));
            }
        }
    }
    Load {
        logins: logins.total(),
        requests_to_redis: requests.total(),
        most_logins: logins.busiest_minute(60),
        most_requests_to_redis: requests.busiest_minute(60),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct ColdStart {
    requests_to_redis: u64,
    logins: u64,
    /// Until the last machine has the session.
    milliseconds: u64,
}

/// Machines that start within some time and need the same session. Redis serves one request after the other.
fn cold_start(machines: u64, within_ms: u64, login_ms: u64, redis_us: u64) -> ColdStart {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Next {
        Load,
        Acquire { pause: u64 },
        LoadAgain,
    }
    let limit = LIMIT.as_micros() as u64;
    let mut random = 1_u64;
    let mut byte = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 56) as u8
    };
    let starts =
        (0..machines).map(|machine| Reverse((machine * within_ms * 1000 / machines.max(1), machine, Next::Load)));
    let mut events: BinaryHeap<Reverse<(u64, u64, Next)>> = starts.collect();
    let (mut free_at, mut stored_at, mut held) = (0, None::<u64>, false);
    let (mut requests, mut logins, mut last) = (0, 0, 0);
    while let Some(Reverse((now, machine, next))) = events.pop() {
        requests += 1;
        free_at = now.max(free_at) + redis_us;
        let answered = free_at;
        if answered - now > limit {
            // Without Redis it logs in by itself.
            logins += 1;
            last = last.max(now + limit + login_ms * 1000);
            continue;
        }
        let is_stored = stored_at.is_some_and(|stored| stored <= answered);
        match next {
            Next::Load | Next::LoadAgain if is_stored => last = last.max(answered),
            Next::Acquire { .. } if is_stored => events.push(Reverse((answered, machine, Next::LoadAgain))),
            Next::Acquire { pause } if held => {
                let pause = Duration::from_micros(pause);
                let wait = spread(pause, byte()).as_micros() as u64;
                let pause = next_poll(pause).as_micros() as u64;
                events.push(Reverse((answered + wait, machine, Next::Acquire { pause })));
            }
            Next::Acquire { .. } => {
                (held, logins) = (true, logins + 1);
                requests += 1;
                stored_at = Some(answered + login_ms * 1000);
            }
            Next::Load | Next::LoadAgain => {
                events.push(Reverse((answered, machine, Next::Acquire { pause: FIRST_POLL.as_micros() as u64 })));
            }
        }
    }
    ColdStart { requests_to_redis: requests, logins, milliseconds: last.max(stored_at.unwrap_or_default()) / 1000 }
}

/// A thousandth of 1,000,000 identities on 10,000 machines, each identity on 10 of them.
#[test]
fn each_session_is_renewed_once_whatever_the_number_of_machines() {
    let alone = days(1000, 1, DAY, 7);
    let shared = days(1000, 10, DAY, 7);
    let short = days(1000, 10, 3600, 1);
    println!("one machine each: {alone:?}\nten machines each: {shared:?}\nten machines each, one hour: {short:?}");
    // A login at the start, and one for each refresh window, which opens after 75 to 80 % of the lifetime.
    assert!((9000..=10_000).contains(&alone.logins), "{alone:?}");
    assert!((9000..=11_000).contains(&shared.logins), "{shared:?}");
    assert!(shared.requests_to_redis <= shared.logins * 13, "{shared:?}");
    assert!((30_000..=34_000).contains(&short.logins), "{short:?}");
}

#[test]
fn a_cold_start_of_ten_thousand_machines_needs_one_login() {
    for (within_ms, login_ms) in [(0, 500), (0, 2000), (1000, 500), (10_000, 500)] {
        let start = cold_start(10_000, within_ms, login_ms, 15);
        println!("10000 machines within {within_ms} ms, login {login_ms} ms: {start:?}");
        assert_eq!(start.logins, 1, "{start:?}");
        assert!(start.milliseconds < within_ms + login_ms + 1500, "{start:?}");
    }
    // What breaks: Redis is too slow for all of them, so that requests take longer than the limit.
    let overloaded = cold_start(10_000, 0, 500, 200);
    println!("10000 machines, a Redis of 5000 requests a second: {overloaded:?}");
    assert!(overloaded.logins > 1000, "{overloaded:?}");
}
