//! What provisioning proves of a token besides the login, and what it refuses before.

use std::cell::Cell;
use std::time::Duration;

use apptoken_core::admin::{Audit, OldToken, Provision, Rotate, ServiceExpiry, ServiceRole};
use apptoken_core::api::app_token::{self, AppTokenChanges, TokenExpiry};
use apptoken_core::api::{session, user, user_role};
use apptoken_core::value::Change;
use apptoken_core::{
    Clock as _, ErrorKind, FnTransport, HashType, HttpResponse, KalturaCode, Privileges, RetryPolicy, SessionType,
    Transport, drive,
};
use apptoken_transport_fake::{Fault, FaultKind};

use super::world::{World, partner};

const DAY: Duration = Duration::from_secs(86_400);

fn provision(world: &World) -> Provision {
    Provision::new(world.endpoint(), world.admin.clone(), partner(), "importer", "importer@example.org")
}

#[test]
fn an_audit_finds_nothing_in_a_provisioned_token() {
    let world = World::new();
    let handover = world.run(provision(&world).privileges(Privileges::new().list_all())).unwrap();
    let audited = world.run(Audit::new(world.endpoint(), world.admin.clone())).unwrap();
    assert_eq!(audited.len(), 1);
    assert_eq!((&audited[0].token.id, &audited[0].findings), (&handover.id, &vec![]));
    let expiry = handover.expiry.unwrap();
    assert_eq!(expiry.relative_to(world.fake.clock().time()).to_string(), "in 365 days");
    assert!(handover.to_string().contains(&expiry.to_string()), "{handover}");
}

#[test]
fn a_setrole_of_an_unknown_role_is_found_by_the_proof() {
    for (role, code) in [
        ("99999", KalturaCode::InvalidObjectId),
        ("NO_SUCH_ROLE", KalturaCode::InvalidObjectId),
        ("-1", KalturaCode::InvalidSetRole),
    ] {
        let world = World::new();
        let stopped = world.run(provision(&world).privileges(Privileges::new().set_role(role).unwrap())).unwrap_err();
        assert_eq!(stopped.error.kind(), ErrorKind::Kaltura(code), "{role}");
        assert!(stopped.error.to_string().contains("setrole"), "{}", stopped.error);
        assert!(stopped.error.advice().contains("system name of a role of this account"), "{}", stopped.error.advice());
        assert!(stopped.progress.app_token.is_some(), "{role}");
        // What a role cannot do does not change by waiting.
        assert_eq!(world.fake.journal().requests(), 4, "{role}");
    }
}

#[test]
fn a_role_that_cannot_call_the_named_action_is_found() {
    let world = World::new();
    let role = || ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION"]);
    let stopped = world.run(provision(&world).role(role()).proof(&session::Get::default()).unwrap()).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::Kaltura(KalturaCode::ServiceForbidden));
    assert!(stopped.error.to_string().starts_with("session.get: the app token works, but"), "{}", stopped.error);
    assert!(stopped.error.advice().contains("role of the user"), "{}", stopped.error.advice());

    world.run(provision(&world).role(role()).proof(&user::Get::default()).unwrap()).unwrap();
    assert_eq!(world.tokens().len(), 1);
}

#[test]
fn a_proof_that_may_change_something_is_refused() {
    let world = World::new();
    let user = user::NewUser::new("x");
    let errors = [
        provision(&world).proof(&user::Add { user }).unwrap_err(),
        provision(&world).proof(&user::Delete { user_id: "x".into() }).unwrap_err(),
        provision(&world).proof(&session::StartWidgetSession::of(partner())).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("must only read"), "{error}");
    }
    assert_eq!(world.fake.journal().requests(), 0);
}

#[test]
fn a_session_for_another_place_is_not_a_failure() {
    let world = World::new();
    let elsewhere = Privileges::new().restrict_to_addresses(&["203.0.113.9".parse().unwrap()]);
    let elsewhere = elsewhere.with("urirestrict", &["*thumbnail*"]).unwrap();
    world.run(provision(&world).privileges(elsewhere)).unwrap();
}

#[test]
fn a_privilege_with_the_name_of_a_permission_is_refused() {
    let world = World::new();
    let privileges = Privileges::parse("list:*,BASE_USER_SESSION_PERMISSION");
    let error = provision(&world).privileges(privileges).start(world.fake.clock().now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("BASE_USER_SESSION_PERMISSION is the name of a permission"), "{error}");
    assert_eq!(world.fake.journal().requests(), 0);
}

#[test]
fn a_proof_is_repeated_after_a_transient_failure() {
    for fault in [FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into()), FaultKind::ActionBlocked] {
        for action in ["system.ping", "appToken.startSession"] {
            let world = World::new();
            world.fake.inject(Fault::on(action, fault.clone()).nth(1));
            world.run(provision(&world)).unwrap();
            assert_eq!((world.fake.journal().count(action), world.tokens().len()), (2, 1), "{action}, {fault:?}");
        }
    }
}

#[test]
fn each_other_setting_is_named_with_what_was_wanted() {
    let world = World::new();
    let handover = world.run(provision(&world).privileges(Privileges::new().list_all())).unwrap();
    let now = world.fake.clock().now().wall;
    let day = TokenExpiry::after(DAY, now).unwrap();
    let wanted = provision(&world)
        .hash_type(HashType::Sha512)
        .session_duration(Duration::from_secs(60))
        .privileges(Privileges::new().enable_entitlement())
        .expiry(day);
    world
        .call(app_token::Update {
            id: handover.id.clone(),
            changes: AppTokenChanges { session_type: SessionType::Admin.into(), ..AppTokenChanges::default() },
        })
        .unwrap();
    world.fake.clear_journal();
    let error = world.run(wanted).unwrap_err().error;
    assert_eq!((error.kind(), error.may_have_acted()), (ErrorKind::Conflict, false));
    let expected = format!(
        "the app token of importer, {}, exists with other settings: hash type: wanted SHA512, found SHA256; session type: \
         wanted User, found Admin; longest session: wanted 60 s, found 86400 s; privileges: wanted enableentitlement, found \
         list:*; expiry: wanted {}, found {}",
        handover.id,
        day.unix_seconds(),
        handover.expiry.unwrap()
    );
    assert!(error.to_string().ends_with(&expected), "{error}\n{expected}");
    assert!(!error.advice().contains("nothing was sent") && error.advice().contains("appToken.update"));
    assert_eq!(world.fake.journal().requests(), 1);
}

#[test]
fn an_expiry_is_compared_as_it_was_requested() {
    let world = World::new();
    let now = world.fake.clock().now().wall;
    let handover = world.run(provision(&world).expiry(10 * DAY)).unwrap();
    assert_eq!(handover.expiry, Some(now.plus(10 * DAY)));
    world.fake.clock().advance(Duration::from_secs(3600));
    let at = |days: u32| TokenExpiry::at(now.plus(DAY * days), now).unwrap();
    for (wanted, is_same) in [
        (ServiceExpiry::default(), true),
        (ServiceExpiry::After(10 * DAY), true),
        (ServiceExpiry::After(9 * DAY), false),
        (at(10).into(), true),
        (at(11).into(), false),
        (ServiceExpiry::Never, false),
    ] {
        let ended = world.run(provision(&world).expiry(wanted));
        assert_eq!(ended.is_ok(), is_same, "{wanted:?}: {ended:?}");
    }
    let changes = AppTokenChanges { expiry: Change::Clear, ..AppTokenChanges::default() };
    world.call(app_token::Update { id: handover.id, changes }).unwrap();
    let error = world.run(provision(&world)).unwrap_err().error;
    assert!(
        error.to_string().contains("expiry: wanted at the latest 20") && error.to_string().ends_with("found never"),
        "{error}"
    );
    world.run(provision(&world).expiry(ServiceExpiry::Never)).unwrap();
}

/// A reply of the fake in which one text is replaced by another.
fn with_changed_replies<'a>(world: &'a World, from: &'static str, to: &'static str) -> impl Transport + 'a {
    FnTransport::new(move |request| {
        let reply = world.fake.send(request)?;
        let body = String::from_utf8_lossy(reply.body()).replace(from, to);
        let time = reply.header("X-Kaltura-Session").map(|time| ("X-Kaltura-Session", time.to_owned()));
        Ok(HttpResponse::new(reply.status(), time, body.into_bytes()))
    })
}

#[test]
fn a_blocked_user_gets_no_token() {
    let world = World::new();
    world.call(user::Add { user: user::NewUser::new("importer@example.org") }).unwrap();
    let blocking = with_changed_replies(&world, r#""status":1"#, r#""status":0"#);
    let clock = world.fake.clock();
    let stopped = drive(provision(&world).start(clock.now()).unwrap(), blocking, clock).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::Conflict);
    assert!(stopped.error.to_string().contains("the user exists but is blocked"), "{}", stopped.error);
    assert!(!stopped.progress.user_is_ready && world.tokens().is_empty());
}

#[test]
fn a_session_that_starts_expired_is_no_proof() {
    let world = World::new();
    let clock = world.fake.clock();
    let expired = with_changed_replies(&world, r#""expiry":1"#, r#""expiry":-1"#);
    let provision = provision(&world).expiry(ServiceExpiry::Never);
    let stopped = drive(provision.start(clock.now()).unwrap(), expired, clock).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::AlreadyExpired, "{}", stopped.error);
    assert!(stopped.progress.app_token.is_some());
}

#[test]
fn a_user_that_another_process_adds_first_is_used() {
    let world = World::new();
    let clock = world.fake.clock();
    let is_first = Cell::new(true);
    let race = FnTransport::new(|request| {
        if is_first.replace(false) {
            return world.fake.send(request);
        }
        if world.roles_of_user("importer@example.org").is_none() {
            world.call(user::Add { user: user::NewUser::new("importer@example.org") }).unwrap();
        }
        world.fake.send(request)
    });
    drive(provision(&world).start(clock.now()).unwrap(), race, clock).unwrap();
    assert_eq!((world.tokens().len(), world.fake.journal().count("user.add")), (1, 2));
}

#[test]
fn a_role_with_all_permissions_is_used_again() {
    let world = World::new();
    let role = || ServiceRole::with_permissions("All", &["*"]);
    let first = world.run(provision(&world).role(role())).unwrap();
    let second = world.run(provision(&world).role(role())).unwrap();
    assert_eq!((first.id, world.roles_named("All").len()), (second.id, 1));
}

#[test]
fn a_request_that_was_not_sent_is_not_in_doubt() {
    // The requests that add the user and the token.
    for number in [2, 3] {
        let world = World::new();
        world.fake.inject(Fault::on_any(FaultKind::Refused).nth(number));
        let stopped = world.run(provision(&world).retry(RetryPolicy::none())).unwrap_err();
        assert_eq!((stopped.error.kind(), stopped.progress.in_doubt), (ErrorKind::NotSent, None), "{number}");
        assert_eq!((stopped.progress.user_is_ready, stopped.progress.app_token), (number == 3, None));
    }
    let world = World::new();
    let old = world.token();
    // The request that deletes the old token.
    world.fake.inject(Fault::on_any(FaultKind::Refused).nth(4));
    let rotate =
        Rotate::new(world.endpoint(), world.admin.clone(), partner(), old, OldToken::DeleteAfter(Duration::ZERO));
    let stopped = world.run(rotate.retry(RetryPolicy::none())).unwrap_err();
    assert_eq!((stopped.error.kind(), stopped.progress.in_doubt), (ErrorKind::NotSent, None));
    assert!(stopped.progress.verified && !stopped.progress.old_token_deleted);
}

/// A token's privileges could contain its value by mistake.
#[test]
fn a_found_setting_that_may_be_a_secret_is_not_shown() {
    let world = World::new();
    let handover = world.run(provision(&world)).unwrap();
    let secret = Privileges::new().with("note", &[handover.token.expose()]).unwrap();
    let changes = AppTokenChanges { session_privileges: secret.into(), ..AppTokenChanges::default() };
    world.call(app_token::Update { id: handover.id, changes }).unwrap();
    let error = world.run(provision(&world)).unwrap_err().error;
    assert!(error.to_string().contains("privileges: wanted none, found another value"), "{error}");
    assert!(!crate::garbage::texts(&error).contains(handover.token.expose()));
}

#[test]
fn a_blocked_user_and_a_poor_role_are_conflicts() {
    let world = World::new();
    world.call(user_role::Add { user_role: user_role::NewUserRole::new("Importer", &["APP_TOKEN_BASE"]) }).unwrap();
    let role = ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION"]);
    let error = world.run(provision(&world).role(role)).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("lacks the permission BASE_USER_SESSION_PERMISSION"), "{error}");
    assert!(error.advice().contains("userRole.update"), "{}", error.advice());
}
