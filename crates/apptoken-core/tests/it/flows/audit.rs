use std::time::Duration;

use apptoken_core::admin::{Audit, Finding};
use apptoken_core::{HashType, SessionType, UnixSeconds};
use apptoken_transport_fake::{TokenSpec, TokenStatus};

use super::world::{World, faults, partner};

fn findings(world: &World) -> Vec<Vec<Finding>> {
    let audit = Audit::new(world.endpoint(), world.admin.clone()).expiring_within(Duration::from_secs(7 * 86_400));
    world.run(audit).unwrap().into_iter().map(|audited| audited.findings).collect()
}

/// A token without findings.
fn sound(world: &World) -> TokenSpec {
    let far = UnixSeconds(world.fake.clock().time().0 + 365 * 86_400);
    TokenSpec::new(HashType::Sha256)
        .user("u")
        .session_type(SessionType::User)
        .duration(Duration::from_secs(3600))
        .expires_at(far)
}

#[test]
fn each_weakness_gives_its_finding() {
    let day = 86_400;
    let in_days = |world: &World, days: i64| UnixSeconds(world.fake.clock().time().0 + days * day);
    type Case = (fn(&World, TokenSpec) -> TokenSpec, fn(&World) -> Vec<Finding>);
    let cases: Vec<Case> = vec![
        (|_, sound| sound, |_| vec![]),
        (|_, sound| sound.session_type(SessionType::Admin), |_| vec![Finding::AdminSessions]),
        (
            |_, sound| sound.duration(Duration::from_secs(2 * 86_400)),
            |_| vec![Finding::LongSessions(Duration::from_secs(2 * 86_400))],
        ),
        (|_, sound| sound.duration(Duration::ZERO), |_| vec![Finding::SessionsAlreadyExpired]),
        (|_, sound| sound.privileges("list:*,edit:0_a"), |_| vec![]),
        (
            |_, sound| sound.privileges("*,edit:*,disableentitlement"),
            |_| ["*", "edit:*", "disableentitlement"].map(|name| Finding::BroadPrivilege(name.into())).into(),
        ),
    ];
    for (position, (make, expected)) in cases.into_iter().enumerate() {
        let world = World::new();
        let spec = make(&world, sound(&world));
        let _ = world.fake.add_token(partner(), spec);
        assert_eq!(findings(&world), [expected(&world)], "case {position}");
    }

    let world = World::new();
    let soon = in_days(&world, 3);
    let _ = world.fake.add_token(partner(), sound(&world).expires_at(soon));
    let now = world.fake.clock().time();
    let finding = Finding::ExpiresSoon { at: soon, now };
    assert_eq!(finding.to_string(), format!("expires in 3 days, at {soon}"));
    assert_eq!(findings(&world), [vec![finding]]);
    world.fake.clock().advance(Duration::from_secs(4 * 86_400));
    let world = World { admin: world.fake.admin_session(partner()).unwrap(), ..world };
    let finding = Finding::Expired { at: soon, now: world.fake.clock().time() };
    assert_eq!(finding.to_string(), format!("expired 1 day ago, at {soon}"));
    assert_eq!(findings(&world), [vec![finding]]);
}

#[test]
fn a_token_with_default_settings_has_many_findings() {
    let world = World::new();
    let token = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1));
    world.fake.set_token_status(&token.id, TokenStatus::Disabled);
    let expected = [
        Finding::NeverExpires,
        Finding::Disabled,
        Finding::AnySessionType,
        Finding::AnyUser,
        Finding::WeakHash(HashType::Sha1),
    ];
    assert_eq!(findings(&world), [expected.to_vec()]);
    for finding in expected {
        assert!(finding.to_string().len() > 8);
    }
}

#[test]
fn all_pages_are_read_without_token_values() {
    let world = World::new();
    for _ in 0..501 {
        let _ = world.token();
    }
    let audited = world.run(Audit::new(world.endpoint(), world.admin.clone())).unwrap();
    assert_eq!(audited.len(), 501);
    assert_eq!(world.fake.journal().requests(), 2);
    assert!(audited.iter().all(|audited| audited.token.token.is_none()));
}

#[test]
fn each_page_is_reported_with_what_was_read_so_far() {
    let world = World::new();
    for _ in 0..501 {
        let _ = world.token();
    }
    let (sender, pages) = std::sync::mpsc::channel();
    let audit = Audit::new(world.endpoint(), world.admin.clone());
    world.run(audit.on_page(move |progress| sender.send((progress.read, progress.total)).unwrap())).unwrap();
    assert_eq!(pages.into_iter().collect::<Vec<_>>(), [(500, 501), (501, 501)]);
}

#[test]
fn under_every_fault_an_audit_is_complete_or_fails() {
    for (case, fault) in faults() {
        let world = World::new();
        let _ = world.token();
        world.fake.inject(fault);
        if let Ok(audited) = world.run(Audit::new(world.endpoint(), world.admin.clone())) {
            assert_eq!(audited.len(), 1, "{case}");
        }
    }
}
