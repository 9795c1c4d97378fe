//! The renewal machine step by step; `model` tests it with random events.

mod model;

use alloc::collections::BTreeSet;
use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::value::time::UnixSeconds;

const START: i64 = 1_795_230_763;

prop_compose! {
    pub(super) fn any_policy()(
        advisory_percent: u8, jitter_percent: u8, mandatory_percent: u8, longest_mandatory in 0..100_000_u64,
        first_pause in 0..100_000_u64, longest_pause in 0..1_000_000_u64, permanent_failure_pause in 0..1_000_000_u64, jitter_seed: u64,
    ) -> RenewalPolicy {
        RenewalPolicy {
            advisory_percent,
            jitter_percent,
            mandatory_percent,
            longest_mandatory: Duration::from_millis(longest_mandatory),
            first_pause: Duration::from_millis(first_pause),
            longest_pause: Duration::from_millis(longest_pause),
            permanent_failure_pause: Duration::from_millis(permanent_failure_pause),
            jitter_seed,
        }
    }
}

fn at(seconds: u64) -> Moment {
    Moment { wall: UnixSeconds(START).plus(Duration::from_secs(seconds)), elapsed: Duration::from_secs(seconds) }
}

fn term(lifetime: u64, sent_at: Moment) -> Term {
    Term {
        lifetime: Duration::from_secs(lifetime),
        age: Duration::ZERO,
        known_at: sent_at,
        server_time: Some(sent_at.wall),
    }
}

/// A renewal with a session of one hour, which started at second 0.
fn with_session_of_an_hour() -> Renewal {
    let mut renewal = Renewal::new(RenewalPolicy { jitter_percent: 0, ..RenewalPolicy::default() });
    renewal.record(Outcome::Renewed(term(3600, at(0))), at(0));
    renewal
}

#[track_caller]
fn check(renewal: &Renewal, now: Moment, expected: &str) {
    assert_eq!(renewal.decide(now, false).to_string(), expected);
}

#[test]
fn a_session_without_failures_passes_through_its_windows() {
    check(&Renewal::new(RenewalPolicy::default()), at(0), "renew it: no session was started yet");
    let renewal = with_session_of_an_hour();
    check(&renewal, at(0), "use it: its renewal is due in 2700.0s");
    check(&renewal, at(2699), "use it: its renewal is due in 1.0s");
    check(&renewal, at(2700), "use and renew it: it expires in 899.0s");
    check(&renewal, at(3539), "renew it: it expires in only 60.0s");
    check(&renewal, at(3599), "renew it: it expired 0.0ns ago");
    assert_eq!(renewal.decide(at(2700), true).to_string(), "use it: it expires in 899.0s, and a renewal is under way");
    assert_eq!(renewal.decide(at(3539), true).to_string(), "renew it: it expires in only 60.0s");
    assert!(renewal.has_valid_session(at(3598)) && !renewal.has_valid_session(at(3599)));
}

#[test]
fn after_a_failed_renewal_the_session_is_used_until_it_expires() {
    let mut renewal = with_session_of_an_hour();
    renewal.record(Outcome::FailedTransiently, at(2700));
    check(&renewal, at(2700), "use it: it expires in 899.0s, failed renewals in a row: 1");
    let until_the_pause_ends = |until: Moment| until.elapsed <= at(2701).elapsed;
    assert!(matches!(renewal.decide(at(2700), false), Decision::Use { until, .. } if until_the_pause_ends(until)));
    check(&renewal, at(2702), "use and renew it: it expires in 897.0s");
    renewal.record(Outcome::FailedPermanently, at(3590));
    check(&renewal, at(3598), "use it: it expires in 1.0s, failed renewals in a row: 2");
    check(&renewal, at(3599), "give up: failed renewals in a row: 2, next attempt in 51.0s");
    check(&renewal, at(3650), "renew it: it expired 51.0s ago");
}

#[test]
fn pauses_after_failures_end_and_a_success_resets_them() {
    let mut renewal = Renewal::new(RenewalPolicy { jitter_percent: 0, ..RenewalPolicy::default() });
    renewal.record(Outcome::FailedPermanently, at(0));
    assert!(
        matches!(renewal.decide(at(59), false), Decision::GiveUp { until, .. } if until == Duration::from_secs(60))
    );
    check(&renewal, at(60), "renew it: no session was started yet");
    for failures in 2..20 {
        renewal.record(Outcome::FailedTransiently, at(60));
        let decision = renewal.decide(at(60), false);
        let Decision::WaitUntil { elapsed, why: Reason::Failing { failures: reported, .. } } = decision else {
            panic!("{decision}")
        };
        assert!(reported == failures && elapsed <= Duration::from_secs(90), "{decision}");
        assert!(matches!(renewal.decide(Moment { elapsed, ..at(60) }, false), Decision::Renew { .. }));
    }
    renewal.record(Outcome::Renewed(term(3600, at(70))), at(70));
    renewal.record(Outcome::FailedTransiently, at(2800));
    assert!(matches!(renewal.decide(at(2800), false).why(), Reason::RenewalFailed { failures: 1, .. }));
}

#[test]
fn copies_with_other_seeds_renew_later_and_at_different_times() {
    let mut renewal = Renewal::new(RenewalPolicy::default());
    renewal.record(Outcome::Renewed(term(3600, at(0))), at(0));
    let start_of = |renewal: &Renewal| renewal.current.unwrap().windows.advisory;
    let starts: BTreeSet<_> = (1..=100)
        .map(|seed| {
            let mut copy = renewal.clone();
            copy.set_jitter_seed(seed);
            start_of(&copy)
        })
        .collect();
    assert_eq!(starts.len(), 100);
    let later_by = |start: &Duration| start.checked_sub(start_of(&renewal)).expect("earlier than the original");
    // 20 percent of a window of 25 percent.
    assert!(starts.iter().all(|start| later_by(start) <= Duration::from_secs(3600 / 20)));
}

#[test]
fn a_dropped_session_is_renewed_at_once_even_in_a_pause() {
    let mut renewal = with_session_of_an_hour();
    renewal.record(Outcome::FailedTransiently, at(2700));
    renewal.record(Outcome::Invalidated(Invalidation::Requested), at(2700));
    check(&renewal, at(2700), "renew it: it was dropped on request");
}

#[test]
fn a_second_logout_in_a_row_is_permanent_until_its_pause_ends() {
    let logged_out = Outcome::Invalidated(Invalidation::Refused(KsFault::LoggedOut));
    let mut renewal = with_session_of_an_hour();
    renewal.record(logged_out, at(10));
    check(&renewal, at(10), "renew it: the server reported that it was ended");
    renewal.record(Outcome::Renewed(term(3600, at(10))), at(10));
    renewal.record(logged_out, at(11));
    check(&renewal, at(11), "give up: failed renewals in a row: 1, next attempt in 60.0s");
    renewal.record(Outcome::Renewed(term(3600, at(80))), at(80));
    renewal.record(logged_out, at(81));
    assert!(matches!(renewal.decide(at(81), false), Decision::GiveUp { .. }));
    renewal.record(Outcome::Renewed(term(3600, at(200))), at(200));
    renewal.record(Outcome::Accepted, at(201));
    renewal.record(logged_out, at(202));
    assert!(matches!(renewal.decide(at(202), false), Decision::Renew { .. }));
}

#[test]
fn a_regular_renewal_resets_the_count_of_refusals() {
    let logged_out = Outcome::Invalidated(Invalidation::Refused(KsFault::LoggedOut));
    let mut renewal = with_session_of_an_hour();
    renewal.record(logged_out, at(10));
    renewal.record(Outcome::Renewed(term(3600, at(10))), at(10));
    renewal.record(Outcome::Renewed(term(3600, at(2800))), at(2800));
    renewal.record(logged_out, at(2801));
    assert!(matches!(renewal.decide(at(2801), false), Decision::Renew { .. }));
}

#[test]
fn a_second_session_refused_as_expired_starts_a_pause() {
    let expired = Outcome::Invalidated(Invalidation::Refused(KsFault::Expired));
    let mut renewal = with_session_of_an_hour();
    renewal.record(expired, at(1));
    assert!(matches!(renewal.decide(at(1), false), Decision::Renew { .. }));
    renewal.record(Outcome::Renewed(term(3600, at(1))), at(1));
    renewal.record(expired, at(2));
    assert!(matches!(renewal.decide(at(2), false), Decision::WaitUntil { .. }));
}

#[test]
fn a_refusal_at_ten_seconds_of_age_starts_no_pause() {
    let refused = Outcome::Invalidated(Invalidation::Refused(KsFault::Expired));
    for (age, pauses) in [(Duration::from_millis(9_999), true), (Duration::from_secs(10), false)] {
        let mut renewal = with_session_of_an_hour();
        renewal.record(refused, at(1));
        renewal.record(Outcome::Renewed(term(3600, at(1))), at(1));
        let then = Moment { elapsed: at(1).elapsed + age, ..at(1) };
        renewal.record(refused, then);
        assert_eq!(matches!(renewal.decide(then, false), Decision::WaitUntil { .. }), pauses, "{age:?}");
    }
}

/// A server that always answered with EXCEEDED_ACTIONS_LIMIT got 200 logins in 149 ms.
#[test]
fn refusals_in_a_row_for_any_reason_start_pauses() {
    for fault in [KsFault::Expired, KsFault::ActionsLimitExceeded, KsFault::RestrictedIp, KsFault::NotRecognised] {
        let refused = Outcome::Invalidated(Invalidation::Refused(fault));
        let mut renewal = Renewal::new(RenewalPolicy { jitter_percent: 0, ..RenewalPolicy::default() });
        let (mut logins, mut now) = (0, at(0));
        while now.elapsed < Duration::from_secs(600) {
            if matches!(renewal.decide(now, false), Decision::Renew { .. }) {
                logins += 1;
                renewal.record(Outcome::Renewed(term(3600, now)), now);
                renewal.record(refused, now);
            }
            now = now.plus(Duration::from_millis(100));
        }
        assert!((10..60).contains(&logins), "{fault:?}: {logins} logins in ten minutes");
    }
}

#[test]
fn a_session_at_its_limit_of_actions_is_replaced_at_once() {
    let limit_reached = Outcome::Invalidated(Invalidation::Refused(KsFault::ActionsLimitExceeded));
    let mut renewal = with_session_of_an_hour();
    for second in [11, 22, 33, 44] {
        renewal.record(limit_reached, at(second));
        assert!(matches!(renewal.decide(at(second), false), Decision::Renew { .. }));
        renewal.record(Outcome::Renewed(term(3600, at(second))), at(second));
    }
    for second in 45..50 {
        renewal.record(Outcome::Accepted, at(second));
        renewal.record(limit_reached, at(second));
        assert!(matches!(renewal.decide(at(second), false), Decision::Renew { .. }));
        renewal.record(Outcome::Renewed(term(3600, at(second))), at(second));
    }
}

#[test]
fn only_some_faults_are_fixed_by_renewal() {
    for (fault, fixed) in [
        (KsFault::Expired, true),
        (KsFault::LoggedOut, true),
        (KsFault::ActionsLimitExceeded, true),
        (KsFault::RestrictedIp, false),
        (KsFault::RestrictedUri, false),
        (KsFault::InvalidPartner, false),
        (KsFault::InvalidUser, false),
        (KsFault::NotAllowedOnObject, false),
        (KsFault::NotRecognised, false),
    ] {
        assert_eq!(Invalidation::Refused(fault).is_fixed_by_renewal(), fixed, "{fault:?}");
    }
}

#[test]
fn a_suspension_shows_on_the_wall_clock() {
    let renewal = with_session_of_an_hour();
    let after_eight_hours = Moment { wall: at(8 * 3600 + 60).wall, elapsed: Duration::from_secs(60) };
    check(&renewal, after_eight_hours, "renew it: it expired 25260.0s ago");
}

#[test]
fn a_wall_clock_set_back_does_not_make_a_session_fresh() {
    let renewal = with_session_of_an_hour();
    let set_back = Moment { wall: UnixSeconds(START - 86_400), elapsed: Duration::from_secs(2700) };
    check(&renewal, set_back, "use and renew it: it expires in 899.0s");
}

#[test]
fn a_jumping_wall_clock_costs_one_renewal_in_half_a_lifetime() {
    let mut renewal = with_session_of_an_hour();
    let jumped = |seconds| Moment { wall: at(seconds + 86_400).wall, ..at(seconds) };
    check(&renewal, jumped(10), "renew it: it expired 82810.0s ago");
    let with_server_time = Term { server_time: Some(at(10).wall), ..term(3600, jumped(10)) };
    renewal.record(Outcome::Renewed(with_server_time), jumped(10));
    let again = |seconds| Moment { wall: at(seconds + 2 * 86_400).wall, ..at(seconds) };
    check(&renewal, again(20), "use it: its renewal is due in 2690.0s");
    assert!(
        matches!(renewal.decide(again(20), false), Decision::Use { until, .. } if until.elapsed == at(1810).elapsed)
    );
    assert!(matches!(renewal.decide(again(1810), false), Decision::Renew { .. }));
}

#[test]
fn a_wall_clock_that_gained_ten_seconds_is_still_trusted() {
    for (gained, trusted) in [(10, true), (11, false)] {
        let mut renewal = with_session_of_an_hour();
        let renewed = Term { server_time: Some(at(100 - gained).wall), ..term(3600, at(100)) };
        renewal.record(Outcome::Renewed(renewed), at(100));
        let suspended = Moment { wall: at(4000).wall, elapsed: Duration::from_secs(101) };
        assert_eq!(matches!(renewal.decide(suspended, false), Decision::Renew { .. }), trusted, "{gained}");
    }
}

#[test]
fn the_time_left_is_the_shorter_one_of_both_clocks() {
    let term = Term { age: Duration::from_secs(100), ..term(3600, at(0)) };
    assert_eq!(term.left(at(600)), Duration::from_secs(2900));
    let suspended = Moment { wall: at(2001).wall, ..at(600) };
    assert_eq!(term.left(suspended), Duration::from_secs(1500));
    assert_eq!(term.left(at(5000)), Duration::ZERO);
}

#[test]
fn a_stored_session_keeps_its_age() {
    let mut renewal = Renewal::new(RenewalPolicy { jitter_percent: 0, ..RenewalPolicy::default() });
    let stored = Term { age: Duration::from_secs(2000), ..term(3600, at(5)) };
    renewal.record(Outcome::Renewed(stored), at(5));
    check(&renewal, at(5), "use it: its renewal is due in 700.0s");
    check(&renewal, at(705), "use and renew it: it expires in 899.0s");
}
