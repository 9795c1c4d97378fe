//! Any renewal policy with any lifetime and any faults.

use std::time::Duration;

use apptoken::RetryPolicy;
use apptoken::login::renewal::RenewalPolicy;
use apptoken_transport_fake::{Fake, Fault, FaultKind};
use proptest::prelude::*;

use super::support::{Machine, credential, logins, requests_to, token};

prop_compose! {
    fn any_policy()(
        advisory_percent: u8, jitter_percent: u8, mandatory_percent: u8, longest_mandatory in 0..1000_u64,
        first_pause in 0..100_u64, longest_pause in 0..1000_u64, permanent_failure_pause in 0..1000_u64, jitter_seed: u64,
    ) -> RenewalPolicy {
        RenewalPolicy {
            advisory_percent,
            jitter_percent,
            mandatory_percent,
            longest_mandatory: Duration::from_secs(longest_mandatory),
            first_pause: Duration::from_secs(first_pause),
            longest_pause: Duration::from_secs(longest_pause),
            permanent_failure_pause: Duration::from_secs(permanent_failure_pause),
            jitter_seed,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn sessions_are_valid_and_renewed_at_most_twice_in_a_lifetime(
        policy in any_policy(),
        lifetime in prop_oneof![2..120_u64, 120..100_000_u64],
        date_off_by in -100_000..100_000_i64,
        faults in prop_oneof![Just(0.0), 0.0..0.5],
        late in prop_oneof![Just(0_u64), 1..20_u64],
        pauses in prop::collection::vec(prop_oneof![0..3_u64, 0..200_u64, 0..20_000_u64], 1..150),
        seed: u64,
    ) {
        let fake = Fake::builder().seed(seed).build();
        fake.add_account(apptoken_transport_fake::Account::new(super::support::partner()));
        fake.inject(Fault::on_any(FaultKind::Reset).probability(faults));
        fake.inject(Fault::on_any(FaultKind::Delay(Duration::from_secs(late))).probability(0.2));
        let token = token(&fake, Duration::from_secs(lifetime));
        let machine = Machine::of(&fake, date_off_by);
        let provider = requests_to(&fake)
            .clock(machine)
            .retry(RetryPolicy { jitter_seed: seed, ..RetryPolicy::default() })
            .provider(credential(&token))
            .renewal(policy)
            .build();
        let begun = fake.clock().time().0;
        for pause in pauses {
            let asked = fake.clock().time();
            match provider.session() {
                // A session that this call renewed is as old as its reply is late.
                Ok(session) => prop_assert!(session.expires_at() > fake.clock().time() || lifetime <= late + 2),
                Err(_) => prop_assert!(faults > 0.0 || lifetime <= late + 2, "no session at {asked}"),
            }
            fake.clock().advance(Duration::from_secs(pause));
        }
        let seconds = u64::try_from(fake.clock().time().0 - begun).unwrap();
        // A late reply shortens the use of the session, and causes no more logins.
        prop_assert!(logins(&fake) <= 1 + 2 * seconds / lifetime, "{} logins in {seconds} s", logins(&fake));
    }
}
