//! The administration of an account whose secret, or the clock of this machine, is not right.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apptoken::admin::{Audit, OldToken};
use apptoken::api::app_token::AppTokenFilter;
use apptoken::api::{session, user_role};
use apptoken::{
    Admin, AllPages, Authority, Builder, Clock as _, Endpoint, Error, ErrorKind, KalturaCode, Ks, KsFault, PartnerId,
    SessionType, UnixSeconds, system_time, unix_seconds,
};
use apptoken_ks::KsFields;
use apptoken_transport_fake::{Account, Fake, FakeClock};

use crate::client::partner;

const HOUR: Duration = Duration::from_secs(3600);

fn admin(fake: &Fake, clock: &FakeClock, authority: impl Into<Authority>) -> Admin {
    let builder = Builder::with_transport(Endpoint::parse("http://localhost").unwrap(), fake.clone());
    builder.clock(clock.clone()).admin(partner(), authority)
}

/// A clock that is this far behind that of the server.
fn clock_behind(fake: &Fake, by: Duration) -> FakeClock {
    FakeClock::frozen_at(UnixSeconds(fake.clock().time().0 - by.as_secs() as i64))
}

fn own_secret(fake: &Fake) -> Authority {
    fake.admin_secret(partner()).unwrap().into()
}

type Operation = fn(&Admin) -> Result<(), Error>;

/// Every way in which an administrator calls the server.
fn operations() -> [(&'static str, Operation); 7] {
    [
        ("call", |admin| admin.call(session::Get::default()).map(drop)),
        ("list", |admin| admin.app_tokens(AppTokenFilter::default()).map(drop)),
        ("any list", |admin| {
            let list = AllPages::new(admin.endpoint().clone(), user_role::List::default(), admin.session()?);
            admin.run(list).map(drop)
        }),
        ("audit", |admin| admin.run(admin.audit()?).map(drop)),
        ("provision", |admin| admin.run(admin.provision("importer", "importer@example.org")?).map(drop)),
        ("rotate", |admin| {
            let old = admin.run(admin.provision("old", "old@example.org")?)?.id;
            admin.run(admin.rotate(old, OldToken::Keep)?).map(drop)
        }),
        ("revoke", |admin| admin.run(admin.revoke(apptoken::AppTokenId::parse("0_nope1234")?)?).map(drop)),
    ]
}

#[test]
fn a_clock_that_is_behind_costs_one_request() {
    for behind in [2 * HOUR, 400 * 24 * HOUR] {
        for (name, operation) in operations() {
            let right = Fake::new();
            operation(&admin(&right, &right.clock(), own_secret(&right))).unwrap();
            let fake = Fake::new();
            let admin = admin(&fake, &clock_behind(&fake, behind), own_secret(&fake));
            operation(&admin).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert_eq!(fake.journal().requests(), right.journal().requests() + 1, "{name}, {behind:?}");

            // The client knows the server's clock now.
            fake.clear_journal();
            let _ = admin.call(session::Get::default()).unwrap();
            assert_eq!(fake.journal().requests(), 1, "{name}");
        }
    }
}

#[test]
fn the_known_clock_of_the_server_runs_on() {
    let fake = Fake::new();
    let clock = clock_behind(&fake, 2 * HOUR);
    let admin = admin(&fake, &clock, own_secret(&fake));
    let _ = admin.call(session::Get::default()).unwrap();
    for by in [10 * HOUR, HOUR] {
        clock.advance(by);
        fake.clock().advance(by);
        fake.clear_journal();
        let info = admin.call(session::Get::default()).unwrap();
        assert_eq!((fake.journal().requests(), info.expiry), (1, fake.clock().time().plus(HOUR)));
    }
    // Somebody sets the clock of this machine right.
    clock.set(fake.clock().time());
    assert_eq!(admin.call(session::Get::default()).unwrap().expiry, fake.clock().time().plus(HOUR));
}

#[test]
fn without_the_servers_time_the_advice_names_the_clock() {
    let fake = Fake::new();
    let clock = clock_behind(&fake, 2 * HOUR);
    // A server whose time is not plausible: its clock is more than 20 years ahead.
    fake.clock().advance(30 * 365 * 24 * HOUR);
    let error = admin(&fake, &clock, own_secret(&fake)).call(session::Get::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)));
    let advice = error.advice();
    assert!(advice.contains("clock of this machine") && advice.contains(&clock.time().to_string()), "{advice}");
    assert_eq!(fake.journal().requests(), 1);
}

#[test]
fn the_secret_of_another_account_is_named_in_the_advice() {
    let fake = Fake::new();
    let other = PartnerId::new(4711).unwrap();
    fake.add_account(Account::new(other));
    for (name, operation) in operations() {
        let secret = fake.admin_secret(other).unwrap();
        let error = operation(&admin(&fake, &fake.clock(), secret)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::NotRecognised)), "{name}");
        let advice = error.advice();
        assert!(advice.contains("account secret") && advice.contains("partner id"), "{name}: {advice}");
    }
}

/// A session that was not made with the secret must not be replaced by one with all rights.
#[test]
fn a_session_of_others_is_not_signed_again() {
    let fake = Fake::new();
    let secret = fake.admin_secret(partner()).unwrap();
    let expired = UnixSeconds(fake.clock().time().0 - 60);
    let fields = KsFields::new(partner(), SessionType::Admin, expired);
    let sessions: [Ks; 3] = [
        apptoken_ks::mint_v2(&secret, &KsFields { user_id: Some("alice"), ..fields }, [1; 16]),
        apptoken_ks::mint_v2(&secret, &KsFields { privileges: "setrole:42", ..fields }, [1; 16]),
        apptoken_ks::mint_v2(&secret, &KsFields { session_type: 0, ..fields }, [1; 16]),
    ];
    for session in sessions {
        let admin = admin(&fake, &fake.clock(), own_secret(&fake));
        fake.clear_journal();
        let audit = Audit::new(admin.endpoint().clone(), session.clone());
        let error = admin.run(audit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)));
        assert_eq!((error.advice().as_ref(), fake.journal().requests()), ("start a new session", 1));

        let with_session = self::admin(&fake, &fake.clock(), session);
        assert!(with_session.call(session::Get::default()).is_err());
    }
}

#[test]
fn a_session_that_ended_before_its_use_is_signed_again() {
    let fake = Fake::new();
    let admin = admin(&fake, &fake.clock(), own_secret(&fake));
    let audit = admin.audit().unwrap();
    fake.clock().advance(2 * HOUR);
    assert!(admin.run(audit).unwrap().is_empty());
    assert_eq!(fake.journal().requests(), 2);
}

#[test]
fn times_convert_to_and_from_the_systems() {
    for (seconds, nanos) in [(0, 0), (1_795_230_763, 999_999_999), (-1, 0), (-62_135_596_800, 0)] {
        let time = system_time(UnixSeconds(seconds)).unwrap();
        assert_eq!(unix_seconds(time + Duration::from_nanos(nanos)), UnixSeconds(seconds));
    }
    assert_eq!(unix_seconds(UNIX_EPOCH - Duration::from_millis(1500)), UnixSeconds(-2));
    let now = unix_seconds(SystemTime::now());
    assert!(now.seconds_since(apptoken::SystemClock::new().now().wall).abs() <= 2);
    let _ = [i64::MIN, i64::MAX].map(|seconds| system_time(UnixSeconds(seconds)));
}
