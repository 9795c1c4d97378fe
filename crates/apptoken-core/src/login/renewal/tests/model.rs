//! The renewal machine against a model of its environment: the server's clock, the caller's two clocks, and outages.

use proptest::prelude::*;

use super::super::*;
use super::{START, any_policy};
use crate::value::time::UnixSeconds;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Time passes on all clocks, in milliseconds.
    Passes(u64),
    /// The machine is suspended: the monotonic clock stops.
    Suspended(u64),
    /// The wall clock is set, by this many seconds.
    WallClockSet(i64),
    /// The server becomes available or unavailable.
    ServerIs {
        up: bool,
    },
    Invalidated(Invalidation),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => (1..2_000_000_u64).prop_map(Event::Passes),
        20 => (1..5_000_u64).prop_map(Event::Passes),
        1 => (1..100_000_000_u64).prop_map(Event::Suspended),
        1 => (-100_000..100_000_i64).prop_map(Event::WallClockSet),
        4 => any::<bool>().prop_map(|up| Event::ServerIs { up }),
        1 => Just(Event::Invalidated(Invalidation::Requested)),
        1 => Just(Event::Invalidated(Invalidation::Refused(KsFault::Expired))),
        1 => Just(Event::Invalidated(Invalidation::Refused(KsFault::LoggedOut))),
    ]
}

#[derive(Default)]
struct World {
    /// The server's clock in milliseconds.
    now: u64,
    /// How much of it the monotonic clock missed.
    slept: u64,
    wall_clock_skew: i64,
    server_up: bool,
    lifetime: u64,
    /// When the present session expires, by the server's clock in seconds.
    ends_at: Option<u64>,
    /// What happened during the present session.
    suspended: bool,
    wall_clock_set: bool,
    invalidated: bool,
    /// Whether the wall clock was set during the previous session.
    wall_clock_set_before: bool,
    last_success: Option<u64>,
    last_failure: Option<u64>,
}

impl World {
    fn moment(&self) -> Moment {
        let wall = i64::try_from(self.now / 1000).unwrap() + START + self.wall_clock_skew;
        Moment { wall: UnixSeconds(wall), elapsed: Duration::from_millis(self.now - self.slept) }
    }

    fn server_seconds(&self) -> u64 {
        self.now / 1000
    }

    /// Whether neither of the caller's clocks shows the age of the session: the monotonic clock stopped, and the wall clock was
    /// set or is ignored.
    fn is_blind(&self) -> bool {
        self.suspended && (self.wall_clock_set || self.wall_clock_set_before)
    }

    /// A caller requests the session and acts on the decision.
    fn request_session(&mut self, renewal: &mut Renewal) -> Result<(), TestCaseError> {
        let decision = renewal.decide(self.moment(), false);
        if let Decision::Use { .. } | Decision::UseAndRenew { .. } = decision {
            let ends_at = self.ends_at.unwrap();
            let short = self.lifetime < 2;
            prop_assert!(short || self.is_blind() || self.server_seconds() < ends_at, "{decision}: {ends_at}");
        }
        match decision {
            Decision::UseAndRenew { .. } | Decision::Renew { .. } => self.renew(renewal),
            Decision::Use { until, .. } => {
                let last = Moment {
                    wall: UnixSeconds(self.moment().wall.0.max(until.wall.0 - 1)),
                    elapsed: until.elapsed.saturating_sub(Duration::from_nanos(1)),
                };
                let then = renewal.decide(last, false);
                prop_assert!(matches!(then, Decision::Use { .. }), "{decision} became {then}");
                Ok(())
            }
            Decision::WaitUntil { elapsed: until, .. } | Decision::GiveUp { until, .. } => {
                let then = Moment { elapsed: until, ..self.moment() };
                let then = renewal.decide(then, false);
                prop_assert!(matches!(then, Decision::Renew { .. }), "{decision} became {then}");
                Ok(())
            }
        }
    }

    fn renew(&mut self, renewal: &mut Renewal) -> Result<(), TestCaseError> {
        let elapsed = self.now - self.slept;
        if !self.server_up {
            let paused = self.last_failure.is_none_or(|last| elapsed - last >= 100);
            prop_assert!(paused || self.invalidated, "failed twice within 0.1 s");
            renewal.record(Outcome::FailedTransiently, self.moment());
            self.last_failure = Some(elapsed);
            return Ok(());
        }
        if let Some(last) = self.last_success {
            let early = elapsed - last < (self.lifetime * 500).max(500);
            let disturbed = self.suspended || self.wall_clock_set || self.invalidated;
            prop_assert!(disturbed || !early, "renewed {} ms after the last time", elapsed - last);
        }
        let term = Term {
            lifetime: Duration::from_secs(self.lifetime),
            age: Duration::ZERO,
            known_at: self.moment(),
            server_time: Some(UnixSeconds(self.server_seconds() as i64)),
        };
        renewal.record(Outcome::Renewed(term), self.moment());
        self.ends_at = Some(self.server_seconds() + self.lifetime);
        (self.last_success, self.last_failure) = (Some(elapsed), None);
        self.wall_clock_set_before = self.wall_clock_set;
        (self.suspended, self.wall_clock_set, self.invalidated) = (false, false, false);
        Ok(())
    }

    fn apply(&mut self, event: Event, renewal: &mut Renewal) {
        match event {
            Event::Passes(millis) => self.now += millis,
            Event::Suspended(millis) => {
                self.suspended = true;
                self.now += millis;
                self.slept += millis;
            }
            Event::WallClockSet(seconds) => {
                self.wall_clock_set = true;
                self.wall_clock_skew += seconds;
            }
            Event::ServerIs { up } => self.server_up = up,
            Event::Invalidated(invalidation) => {
                renewal.record(Outcome::Invalidated(invalidation), self.moment());
                self.invalidated = true;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn returned_sessions_are_valid_and_renewals_are_rare(
        policy in any_policy(), lifetime in prop_oneof![0..10_u64, 10..100_000_u64], events in prop::collection::vec(any_event(), 1..120)
    ) {
        let mut renewal = Renewal::new(policy);
        let mut world = World { server_up: true, lifetime, ..World::default() };
        for event in events {
            world.apply(event, &mut renewal);
            world.request_session(&mut renewal)?;
        }
    }
}
