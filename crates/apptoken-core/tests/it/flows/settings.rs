//! The settings of administration flows that a caller changes: another admin session, and how often a request is repeated.

use std::time::Duration;

use apptoken_core::admin::{Audit, Finding, OldToken, Provision, Revoke, Rotate, ServiceRole};
use apptoken_core::api::user_role;
use apptoken_core::error::ActionName;
use apptoken_core::{Clock as _, ErrorKind, Flow, HashType, KalturaCode, Ks, RetryPolicy, UnixSeconds, drive};
use apptoken_transport_fake::{Fault, FaultKind, TokenSpec};

use super::world::{World, partner};

const AT_ONCE: OldToken = OldToken::DeleteAfter(Duration::ZERO);

fn stale() -> Ks {
    Ks::parse("stale").unwrap()
}

/// Runs a flow of a stale session with the session of the world.
fn with_other_session<F: Flow>(world: &World, flow: &F) -> F::Output {
    assert!(flow.session().unwrap().is_same(&stale()));
    let flow = flow.with_other_session(world.admin.clone()).unwrap();
    assert!(flow.session().unwrap().is_same(&world.admin));
    world.run(flow).map_err(|stopped| stopped.error).unwrap()
}

#[test]
fn each_flow_runs_with_another_session() {
    let world = World::new();
    let id = world.token();
    let endpoint = || world.endpoint();
    assert_eq!(with_other_session(&world, &Audit::new(endpoint(), stale())).len(), 1);
    let rotation = with_other_session(&world, &Rotate::new(endpoint(), stale(), partner(), id, AT_ONCE));
    let id = rotation.successor.id;
    assert!(with_other_session(&world, &Revoke::new(endpoint(), stale(), id)).existed);
    let provision = Provision::new(endpoint(), stale(), partner(), "importer", "importer@example.org");
    assert_eq!(with_other_session(&world, &provision).user_id.as_deref(), Some("importer@example.org"));
}

#[test]
fn a_stopped_rotation_continues_with_another_session() {
    let world = World::new();
    let id = world.token();
    let rotate = Rotate::new(world.endpoint(), stale(), partner(), id.clone(), AT_ONCE);
    let progress = world.run(rotate).unwrap_err().progress;
    let clock = world.fake.clock();
    let exchange = progress.resume_with(world.admin.clone(), clock.now()).unwrap();
    drive(exchange, &world.fake, clock).map_err(|stopped| stopped.error).unwrap();
    assert!(!world.is_there(&id));
}

#[test]
fn a_stopped_provision_continues_with_another_session() {
    let world = World::new();
    let provision = Provision::new(world.endpoint(), stale(), partner(), "importer", "importer@example.org");
    let progress = world.run(provision).unwrap_err().progress;
    let clock = world.fake.clock();
    let exchange = progress.resume_with(world.admin.clone(), clock.now()).unwrap();
    let handover = drive(exchange, &world.fake, clock).map_err(|stopped| stopped.error).unwrap();
    assert_eq!(handover.user_id.as_deref(), Some("importer@example.org"));
}

#[test]
fn without_repetition_one_failure_ends_a_flow() {
    let unavailable = || Fault::on_any(FaultKind::Status(503)).nth(1);
    let world = World::new();
    let id = world.token();
    world.fake.inject(unavailable());
    let audit = Audit::new(world.endpoint(), world.admin.clone()).retry(RetryPolicy::none());
    assert_eq!(world.run(audit).unwrap_err().error.kind(), ErrorKind::HttpStatus);
    world.fake.inject(unavailable());
    let revoke = Revoke::new(world.endpoint(), world.admin.clone(), id).retry(RetryPolicy::none());
    assert_eq!(world.run(revoke).unwrap_err().error.kind(), ErrorKind::HttpStatus);
}

#[test]
fn an_audit_reports_tokens_that_expire_within_the_given_time() {
    let world = World::new();
    let in_days = |days: i64| UnixSeconds(world.fake.clock().time().0 + days * 86_400);
    let at = in_days(10);
    let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha256).expires_at(at));
    let reports = |audit: Audit| {
        let findings = world.run(audit).unwrap().remove(0).findings;
        findings.iter().any(|finding| matches!(finding, Finding::ExpiresSoon { .. }))
    };
    let audit = || Audit::new(world.endpoint(), world.admin.clone());
    assert!(reports(audit()));
    assert!(!reports(audit().expiring_within(Duration::from_secs(9 * 86_400))));
    assert!(reports(audit().expiring_within(Duration::from_secs(11 * 86_400))));
}

#[test]
fn a_refused_part_of_a_revocation_is_reported_as_it_is() {
    for action in ["appToken.delete", "appToken.get"] {
        let world = World::new();
        let id = world.token();
        world.fake.inject(Fault::on(action, FaultKind::ApiError("SERVICE_FORBIDDEN".into())));
        let stopped = world.run(Revoke::new(world.endpoint(), world.admin.clone(), id)).unwrap_err();
        assert_eq!(stopped.error.kind(), ErrorKind::Kaltura(KalturaCode::ServiceForbidden), "{action}");
    }
}

#[test]
fn a_part_of_a_revocation_that_fails_once_is_repeated() {
    for action in ["appToken.delete", "appToken.get"] {
        let world = World::new();
        let id = world.token();
        world.fake.inject(Fault::on(action, FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into())).nth(1));
        world.run(Revoke::new(world.endpoint(), world.admin.clone(), id.clone())).unwrap();
        assert!(!world.is_there(&id), "{action}");
        assert_eq!(world.fake.journal().requests(), 2, "{action}");
    }
}

#[test]
fn a_refused_deletion_leaves_nothing_in_doubt() {
    let world = World::new();
    let id = world.token();
    world.fake.inject(Fault::on_any(FaultKind::ApiError("INVALID_KS".into())).nth(4));
    let rotate = Rotate::new(world.endpoint(), world.admin.clone(), partner(), id.clone(), AT_ONCE);
    let progress = world.run(rotate).unwrap_err().progress;
    assert!(progress.in_doubt.is_none() && world.is_there(&id));
}

/// Only a deletion without a reply was in doubt, not one with an error that does not say whether it happened.
#[test]
fn a_deletion_that_may_have_happened_is_in_doubt() {
    let unknown = FaultKind::ApiError("AN_UNKNOWN_CODE".into());
    for fault in [
        Fault::on("appToken.delete", unknown.clone()),
        // The first reads the settings of the old token, the second checks that it is gone.
        Fault::on("appToken.get", unknown).nth(2),
        Fault::on_any(FaultKind::Malformed).nth(4),
    ] {
        let world = World::new();
        world.fake.inject(fault.clone());
        let rotate = Rotate::new(world.endpoint(), world.admin.clone(), partner(), world.token(), AT_ONCE);
        let progress = world.run(rotate).unwrap_err().progress;
        assert_eq!(progress.in_doubt, Some(ActionName { service: "appToken", action: "delete" }), "{fault:?}");
    }
}

fn provision(world: &World) -> Provision {
    Provision::new(world.endpoint(), world.admin.clone(), partner(), "importer", "importer@example.org")
        .role(ServiceRole::with_permissions("Importer role", &["BASE_USER_SESSION_PERMISSION"]))
}

#[test]
fn a_refused_user_stops_the_provisioning_without_a_doubt() {
    let world = World::new();
    world.fake.inject(Fault::on("user.add", FaultKind::ApiError("SERVICE_FORBIDDEN".into())));
    let stopped = world.run(provision(&world)).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::Kaltura(KalturaCode::ServiceForbidden));
    assert_eq!((stopped.progress.in_doubt, world.fake.journal().requests()), (None, 2));
}

#[test]
fn a_user_that_may_have_been_added_is_in_doubt() {
    let world = World::new();
    world.fake.inject(Fault::on("user.add", FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into())));
    let stopped = world.run(provision(&world).retry(RetryPolicy::none())).unwrap_err();
    assert_eq!(stopped.progress.in_doubt, Some(ActionName { service: "user", action: "add" }));
}

#[test]
fn after_an_unknown_outcome_a_flow_waits_before_it_looks() {
    let world = World::new();
    world.fake.inject(Fault::on("appToken.add", FaultKind::Reset).nth(1).after_commit());
    let before = world.fake.clock().now().elapsed;
    world.run(provision(&world)).unwrap();
    assert!(world.fake.clock().now().elapsed > before);
}

#[test]
fn many_roles_and_tokens_of_others_cost_no_further_request() {
    let world = World::new();
    for number in 0..40 {
        let name = format!("role {number}");
        let user_role = user_role::NewUserRole::new(name, &["BASE_USER_SESSION_PERMISSION"]);
        world.call(user_role::Add { user_role }).unwrap();
    }
    for _ in 0..600 {
        let _ = world.token();
    }
    let first = world.run(provision(&world)).unwrap();
    world.fake.clear_journal();
    assert_eq!(world.run(provision(&world)).unwrap().id, first.id);
    assert_eq!(world.fake.journal().requests(), 2);
    assert_eq!(world.roles_named("Importer role").len(), 1);
}
