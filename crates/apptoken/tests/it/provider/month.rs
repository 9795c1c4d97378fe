//! Up to thirty simulated days with faults, outages and wrong clocks. Programs with short sessions log in so often that their
//! run ends a day after the last event.

use std::time::Duration;

use apptoken::{Clock as _, RetryPolicy};
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use super::support::{Machine, credential, logins, requests_to, token};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A program that requests the session regularly.
struct Program {
    lifetime: u64,
    days: u64,
    /// The time between two requests for the session.
    pause: u64,
}

#[derive(Debug, Default)]
struct Report {
    days: u64,
    asked: u64,
    /// Requests without a session while the server was available.
    without: u64,
    /// Requests without a session during the outage.
    without_in_outage: u64,
    requests: u64,
    requests_in_outage: u64,
    logins: u64,
}

impl Program {
    /// One request in twenty fails, half of them after the server acted. On day 3 there is an outage of three hours. The wall
    /// clock is ten minutes slow, jumps ahead by an hour on day 5 and back on day 6, and is ten minutes fast from day 15 on. On
    /// day 8 the machine is suspended for eight hours.
    fn run(&self) -> Report {
        let fake = Fake::builder().journal_capacity(2_000_000).build();
        fake.add_account(apptoken_transport_fake::Account::new(super::support::partner()));
        let token = token(&fake, Duration::from_secs(self.lifetime));
        let machine = Machine::of(&fake, -600);
        let retry = RetryPolicy { jitter_seed: self.lifetime, ..RetryPolicy::default() };
        let provider = requests_to(&fake).clock(machine.clone()).retry(retry).provider(credential(&token)).build();
        let faults = || {
            fake.inject(Fault::on_any(FaultKind::Reset).probability(0.025).after_commit());
            fake.inject(Fault::on_any(FaultKind::Status(503)).probability(0.025));
        };
        faults();
        let (begun, mut report) = (fake.clock().time().0, Report::default());
        let second = || u64::try_from(fake.clock().time().0 - begun).unwrap();
        let outage = (3 * DAY + 1000)..(3 * DAY + 1000 + 3 * HOUR);
        let mut events = [
            (outage.start, Event::ServerGoes),
            (outage.end, Event::ServerComes),
            (5 * DAY, Event::DateSet(3600)),
            (6 * DAY, Event::DateSet(-3600)),
            (8 * DAY, Event::Suspended(8 * HOUR)),
            (15 * DAY, Event::DateSet(1200)),
        ]
        .into_iter()
        .peekable();
        while second() < self.days * DAY {
            while let Some((_, event)) = events.next_if(|(at, _)| *at <= second()) {
                match event {
                    Event::ServerGoes => {
                        report.requests = fake.journal().requests();
                        fake.inject(Fault::on_any(FaultKind::Refused));
                    }
                    Event::ServerComes => {
                        report.requests_in_outage = fake.journal().requests() - report.requests;
                        fake.clear_faults();
                        faults();
                    }
                    Event::DateSet(by) => machine.set_wall_clock_by(by),
                    Event::Suspended(seconds) => machine.suspend(Duration::from_secs(seconds)),
                }
            }
            report.asked += 1;
            match provider.session() {
                Ok(session) => assert!(
                    session.expires_at() > fake.clock().time(),
                    "a session that ended {} s ago, at second {}",
                    fake.clock().time().seconds_since(session.expires_at()),
                    second()
                ),
                Err(_) if second() >= outage.start && second() < outage.end + MINUTE => report.without_in_outage += 1,
                Err(_) => report.without += 1,
            }
            fake.clock().advance(Duration::from_secs(self.pause));
        }
        let requests = fake.journal().requests() - report.requests_in_outage;
        Report { days: self.days, requests, logins: logins(&fake), ..report }
    }
}

enum Event {
    ServerGoes,
    ServerComes,
    DateSet(i64),
    Suspended(u64),
}

impl Report {
    fn requests_per_day(&self) -> u64 {
        self.requests.div_ceil(self.days)
    }

    /// During the outage an attempt is three requests, and there are at least 15 s between two attempts.
    fn check_outage(&self) {
        assert!(self.requests_in_outage <= 3 * 3 * HOUR / 15, "{self:?}");
    }
}

#[test]
fn sessions_of_a_day() {
    let report = Program { lifetime: DAY, days: 30, pause: 60 }.run();
    // A session outlasts the outage, so no request is without one.
    assert_eq!((report.without, report.without_in_outage), (0, 0), "{report:?}");
    // One login in three quarters of a day, one widget session a day, and the retries.
    assert!(report.logins <= 45 && report.requests_per_day() <= 3, "{report:?}");
    report.check_outage();
}

#[test]
fn sessions_of_an_hour() {
    let report = Program { lifetime: HOUR, days: 30, pause: 60 }.run();
    assert_eq!(report.without, 0, "{report:?}");
    assert!(report.without_in_outage <= 3 * HOUR / 60, "{report:?}");
    assert!(report.logins <= 32 * 30 && report.requests_per_day() <= 35, "{report:?}");
    report.check_outage();
}

#[test]
fn sessions_of_ninety_seconds() {
    let report = Program { lifetime: 90, days: 16, pause: 10 }.run();
    // Three faults in a row, just after a session expired, leave no session for a moment.
    assert!(report.without * 10_000 <= report.asked, "{report:?}");
    assert!(report.logins <= 16 * DAY / 65 && report.requests_per_day() <= DAY / 60, "{report:?}");
    report.check_outage();
}

#[test]
fn sessions_of_five_seconds() {
    let report = Program { lifetime: 5, days: 16, pause: 120 }.run();
    assert!(report.without * 1000 <= report.asked, "{report:?}");
    report.check_outage();
}

#[test]
fn sessions_of_five_seconds_requested_each_second() {
    let report = Program { lifetime: 5, days: 1, pause: 1 }.run();
    assert!(report.without * 1000 <= report.asked, "{report:?}");
    assert!(report.logins <= DAY / 5 * 4 / 3 && report.requests <= DAY / 5 * 4 / 3, "{report:?}");
}

#[test]
fn the_clocks_of_the_test_machine_are_independent() {
    let fake = Fake::new();
    let machine = Machine::of(&fake, 600);
    let before = machine.now();
    machine.suspend(Duration::from_secs(HOUR));
    let after = machine.now();
    assert_eq!((after.wall.seconds_since(before.wall), after.elapsed), (3600, before.elapsed));
    assert_eq!(after.wall.seconds_since(fake.clock().time()), 600);
}
