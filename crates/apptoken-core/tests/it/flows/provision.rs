use std::time::Duration;

use apptoken_core::admin::{Handover, Provision, ProvisionProgress, ServiceRole};
use apptoken_core::api::app_token::TokenExpiry;
use apptoken_core::api::{user, user_role};
use apptoken_core::error::ActionName;
use apptoken_core::{Clock as _, Error, ErrorKind, HashType, Login, Privileges, SessionType, drive};
use apptoken_transport_fake::{Fault, FaultKind};

use super::world::{World, faults, partner};

const USER: &str = "importer@example.org";
const ROLE: &str = "Importer role";

fn provision(world: &World) -> Provision {
    Provision::new(world.endpoint(), world.admin.clone(), partner(), "importer", USER)
        .role(ServiceRole::with_permissions(ROLE, &["BASE_USER_SESSION_PERMISSION"]))
        .privileges(Privileges::new().list_all())
        .session_duration(Duration::from_secs(3600))
        .description("imports lectures")
}

#[test]
fn a_new_service_gets_role_user_and_token_in_four_requests() {
    let world = World::new();
    let handover = world.run(provision(&world)).unwrap();
    let journal = world.fake.journal();
    assert_eq!(journal.requests(), 4);
    assert_eq!((journal.count("appToken.add"), journal.count("userRole.add"), journal.count("user.add")), (1, 1, 1));

    assert_eq!((handover.hash_type, handover.session_type), (HashType::Sha256, Some(SessionType::User)));
    assert_eq!((handover.user_id.as_deref(), handover.session_duration), (Some(USER), Duration::from_secs(3600)));
    assert_eq!(handover.privileges.to_string(), "list:*");
    check(&world, &handover);

    let clock = world.fake.clock();
    let login = Login::new(world.endpoint(), handover.credential()).start(clock.now()).unwrap();
    assert_eq!(drive(login, &world.fake, clock).unwrap().user_id(), USER);
    let summary = handover.to_string();
    for word in
        ["partner id        101", handover.id.as_str(), "SHA256", USER, "1 hour", "list:*", "token expires     2027-"]
    {
        assert!(summary.contains(word), "{summary}");
    }
    assert!(!format!("{handover:#?}{summary}").contains(handover.token.expose()));
}

/// Checks that there is exactly one token and one role, and that the user has that role.
fn check(world: &World, handover: &Handover) {
    let tokens = world.tokens();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].id, handover.id);
    assert_eq!(tokens[0].description.as_deref(), Some("imports lectures [apptoken:importer]"));
    let roles = world.roles_named(ROLE);
    assert_eq!(roles.len(), 1);
    assert_eq!(world.roles_of_user(USER), Some(roles));
}

#[test]
fn a_second_run_changes_nothing_and_needs_two_requests() {
    let world = World::new();
    let first = world.run(provision(&world)).unwrap();
    world.fake.clear_journal();
    let second = world.run(provision(&world)).unwrap();
    assert_eq!(world.fake.journal().requests(), 2);
    assert_eq!((&first.id, first.token.expose()), (&second.id, second.token.expose()));
    check(&world, &second);
}

#[test]
fn an_existing_user_is_used_and_keeps_its_roles() {
    let world = World::new();
    let other = world
        .call(user_role::Add { user_role: user_role::NewUserRole::new("Other", &["BASE_USER_SESSION_PERMISSION"]) })
        .unwrap();
    let mut user = user::NewUser::new(USER);
    user.role_ids = Some(other.id.to_string());
    world.call(user::Add { user }).unwrap();
    world.fake.clear_journal();
    world.run(provision(&world)).unwrap();
    assert_eq!(world.fake.journal().requests(), 4);
    let ours = world.roles_named(ROLE)[0];
    let mut roles = world.roles_of_user(USER).unwrap();
    roles.sort_unstable();
    assert_eq!(roles, [other.id, ours]);
}

#[test]
fn an_existing_user_without_role_takes_three_requests() {
    let world = World::new();
    world.call(user::Add { user: user::NewUser::new(USER) }).unwrap();
    world.fake.clear_journal();
    world.run(Provision::new(world.endpoint(), world.admin.clone(), partner(), "importer", USER)).unwrap();
    assert_eq!(world.fake.journal().requests(), 3);
}

#[test]
fn an_existing_token_with_other_settings_is_refused() {
    let world = World::new();
    world.run(provision(&world)).unwrap();
    let stopped = world.run(provision(&world).privileges(Privileges::new())).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::Conflict);
    assert!(stopped.error.to_string().contains("privileges: wanted none, found list:*"), "{}", stopped.error);
    assert!(stopped.progress.app_token.is_some());
    assert_eq!(world.tokens().len(), 1);
}

#[test]
fn an_existing_role_with_fewer_permissions_is_refused() {
    let world = World::new();
    world.call(user_role::Add { user_role: user_role::NewUserRole::new(ROLE, &["APP_TOKEN_BASE"]) }).unwrap();
    let error = world.run(provision(&world)).unwrap_err().error;
    assert!(error.to_string().contains("lacks the permission BASE_USER_SESSION_PERMISSION"), "{error}");
    assert!(world.tokens().is_empty());
}

#[test]
fn after_a_failed_role_no_token_is_added_until_the_next_run() {
    let world = World::new();
    let bad = provision(&world).role(ServiceRole::with_permissions(ROLE, &["NO_SUCH_PERMISSION"]));
    let stopped = world.run(bad).unwrap_err();
    assert_eq!(stopped.error.code(), Some("PERMISSION_NOT_FOUND"));
    assert_eq!(
        (stopped.progress.role_id, stopped.progress.user_is_ready, &stopped.progress.app_token),
        (None, false, &None)
    );
    assert!(world.tokens().is_empty());
    let handover = world.run(provision(&world)).unwrap();
    check(&world, &handover);
}

#[test]
fn input_that_the_server_would_misread_is_refused() {
    let world = World::new();
    let now = world.fake.clock().now();
    let new = |name: &str, user: &str| Provision::new(world.endpoint(), world.admin.clone(), partner(), name, user);
    for refused in [
        new("", USER),
        new("a b", USER),
        new("a]", USER),
        new("a", "b c"),
        new("a", ""),
        new("a", USER).session_duration(Duration::ZERO),
        new("a", USER).session_duration(Duration::from_secs(1_795_230_763)),
        new("a", USER).role(ServiceRole::with_permissions("", &[])),
    ] {
        assert_eq!(refused.start(now).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(TokenExpiry::at(now.wall, now.wall).is_err());
    assert_eq!(world.fake.journal().requests(), 0);
}

#[test]
fn a_session_without_permission_is_refused() {
    let world = World::new();
    let widget = world.call(apptoken_core::api::session::StartWidgetSession::of(partner())).unwrap().ks;
    let error = world.run(Provision::new(world.endpoint(), widget, partner(), "importer", USER)).unwrap_err().error;
    assert!(
        matches!(error.code(), Some("SERVICE_FORBIDDEN" | "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION")),
        "{error:?}"
    );
}

/// Checks that everything the progress reports is true.
fn check_progress(world: &World, error: &Error, progress: &ProvisionProgress, case: &str) {
    let tokens = world.tokens();
    let roles = world.roles_named(ROLE);
    assert!(tokens.len() <= 1 && roles.len() <= 1, "{case}: {error}");
    if let Some(id) = &progress.app_token {
        assert_eq!(&tokens[0].id, id, "{case}");
    }
    if let Some(id) = progress.role_id {
        assert_eq!(roles, [id], "{case}");
    }
    if progress.user_is_ready {
        assert_eq!(world.roles_of_user(USER), Some(roles.clone()), "{case}");
    }
    if progress.in_doubt.is_none() && progress.app_token.is_none() {
        // The flow may have failed before it read the account. There were no tokens before.
        assert!(tokens.is_empty(), "{case}: {error:?} {progress:?}");
    }
}

#[test]
fn after_every_fault_progress_is_true_and_a_rerun_completes() {
    let (mut done, mut stopped_early) = (0, 0);
    for (case, fault) in faults() {
        let world = World::new();
        let id = world.fake.inject(fault);
        let ended = world.run(provision(&world));
        world.fake.remove_fault(id);
        let handover = match ended {
            Ok(handover) => {
                done += 1;
                handover
            }
            Err(stopped) => {
                stopped_early += 1;
                check_progress(&world, &stopped.error, &stopped.progress, &case);
                let clock = world.fake.clock();
                let again = stopped.progress.resume_with(world.admin.clone(), clock.now()).unwrap();
                drive(again, &world.fake, clock).unwrap_or_else(|again| panic!("{case}: {again:?}"))
            }
        };
        check(&world, &handover);
    }
    assert!(done > 100 && stopped_early > 20, "{done} done, {stopped_early} stopped");
}

#[test]
fn after_an_unknown_outcome_the_token_is_not_added_twice() {
    let world = World::new();
    world.fake.inject(Fault::on("appToken.add", FaultKind::Reset).nth(1).after_commit());
    let handover = world.run(provision(&world)).unwrap();
    assert_eq!(world.fake.journal().count("appToken.add"), 1);
    check(&world, &handover);
}

#[test]
fn an_outcome_that_remains_unknown_is_reported() {
    let world = World::new();
    world.fake.inject(Fault::on("appToken.add", FaultKind::Reset).after_commit());
    world.fake.inject(Fault::on("multirequest", FaultKind::Status(503)).nth(3));
    let provision = provision(&world).retry(apptoken_core::RetryPolicy::none());
    let progress = world.run(provision).unwrap_err().progress;
    assert_eq!(progress.in_doubt, Some(ActionName { service: "appToken", action: "add" }));
    assert_eq!(progress.app_token, None);
}
