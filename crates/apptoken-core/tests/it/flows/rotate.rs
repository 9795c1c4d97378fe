use std::time::Duration;

use apptoken_core::admin::{OldToken, Rotate, Rotation};
use apptoken_core::api::app_token::TokenExpiry;
use apptoken_core::{AppTokenId, Clock as _, ErrorKind, HashType, Login, UnixSeconds, drive};
use apptoken_transport_fake::{Fault, FaultKind, TokenSpec};

use super::world::{World, faults, partner};

fn rotate(world: &World, old: &AppTokenId) -> Rotate {
    Rotate::new(world.endpoint(), world.admin.clone(), partner(), old.clone())
}

#[test]
fn a_rotation_takes_four_requests() {
    let world = World::new();
    let old = world.token();
    let rotated = world.run(rotate(&world, &old)).unwrap();
    let journal = world.fake.journal();
    assert_eq!(journal.requests(), 4);
    assert_eq!(journal.count("appToken.add"), 1);
    check(&world, &old, &rotated);

    let clock = world.fake.clock();
    let login = Login::new(world.endpoint(), rotated.successor.credential()).start(clock.now()).unwrap();
    assert_eq!(drive(login, &world.fake, clock).unwrap().user_id(), "importer");
}

fn check(world: &World, old: &AppTokenId, rotated: &Rotation) {
    assert!(rotated.old_token_deleted);
    assert!(!world.is_there(old));
    let tokens = world.tokens();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].id, rotated.successor.id);
    assert_eq!(tokens[0].description, Some(format!("old one [apptoken:successor-of:{old}]")));
    assert_eq!(tokens[0].session_user_id.as_deref(), Some("importer"));
}

#[test]
fn the_successor_has_all_settings_of_the_old_token() {
    let world = World::new();
    let until = UnixSeconds(world.fake.clock().time().0 + 5000);
    let spec = TokenSpec::new(HashType::Sha512)
        .user("u")
        .privileges("list:*,setrole:5")
        .duration(Duration::from_secs(77))
        .expires_at(until);
    let old = world.fake.add_token(partner(), spec).id;
    let successor = world.run(rotate(&world, &old)).unwrap().successor;
    assert_eq!((successor.hash_type, successor.session_duration), (HashType::Sha512, Duration::from_secs(77)));
    assert_eq!((successor.privileges.to_string().as_str(), successor.expiry), ("list:*,setrole:5", Some(until)));
}

#[test]
fn the_old_token_is_kept_or_deleted_later_on_request() {
    let world = World::new();
    let old = world.token();
    let rotated = world.run(rotate(&world, &old).old_token(OldToken::Keep)).unwrap();
    assert!(!rotated.old_token_deleted && world.is_there(&old));
    assert_eq!(world.fake.journal().requests(), 3);

    let before = world.fake.clock().now().elapsed;
    let again = world.run(rotate(&world, &old).old_token(OldToken::DeleteAfter(Duration::from_secs(7200)))).unwrap();
    assert!(again.old_token_deleted && !world.is_there(&old));
    assert_eq!(again.successor.id, rotated.successor.id);
    assert!(world.fake.clock().now().elapsed - before >= Duration::from_secs(7200));
}

#[test]
fn after_a_long_overlap_the_deletion_is_still_repeated() {
    let world = World::new();
    let old = world.token();
    world.fake.inject(Fault::on("appToken.delete", FaultKind::ActionBlocked).nth(9));
    world.fake.inject(Fault::on_any(FaultKind::Reset).nth(4));
    let rotated = world.run(rotate(&world, &old).old_token(OldToken::DeleteAfter(Duration::from_secs(7200)))).unwrap();
    check(&world, &old, &rotated);
}

#[test]
fn rotating_an_expired_token_needs_a_new_expiry() {
    let world = World::new();
    let now = world.fake.clock().time();
    let old = world
        .fake
        .add_token(partner(), TokenSpec::new(HashType::Sha256).user("u").expires_at(UnixSeconds(now.0 + 10)))
        .id;
    world.fake.clock().advance(Duration::from_secs(60));
    let error = world.run(rotate(&world, &old)).unwrap_err().error;
    assert!(
        error.kind() == ErrorKind::InvalidInput
            && error.to_string().contains("expiry") | error.to_string().contains("end"),
        "{error}"
    );
    assert!(world.is_there(&old));
    let expiry = TokenExpiry::after(Duration::from_secs(86_400), world.fake.clock().time()).unwrap();
    assert!(world.run(rotate(&world, &old).expiry(expiry)).unwrap().old_token_deleted);
}

#[test]
fn an_unknown_token_is_an_error_a_rotated_one_is_not() {
    let world = World::new();
    let error = world.run(rotate(&world, &AppTokenId::parse("0_nope1234").unwrap())).unwrap_err().error;
    assert!(error.to_string().contains("nothing to rotate"), "{error}");
    let old = world.token();
    let rotated = world.run(rotate(&world, &old)).unwrap();
    let again = world.run(rotate(&world, &old)).unwrap();
    assert_eq!(again.successor.id, rotated.successor.id);
    check(&world, &old, &again);
}

#[test]
fn a_successor_is_found_among_many_tokens() {
    let world = World::new();
    let old = world.token();
    let first = world.run(rotate(&world, &old).old_token(OldToken::Keep)).unwrap();
    for _ in 0..620 {
        let _ = world.token();
    }
    let again = world.run(rotate(&world, &old).old_token(OldToken::Keep)).unwrap();
    assert_eq!(again.successor.id, first.successor.id);
}

#[test]
fn after_every_fault_no_token_is_lost_and_a_rerun_completes() {
    let (mut done, mut stopped_early) = (0, 0);
    for (case, fault) in faults() {
        let world = World::new();
        let old = world.token();
        let id = world.fake.inject(fault);
        let ended = world.run(rotate(&world, &old));
        world.fake.remove_fault(id);
        let rotated = match ended {
            Ok(rotated) => {
                done += 1;
                rotated
            }
            Err(stopped) => {
                stopped_early += 1;
                let progress = stopped.progress;
                let successors: Vec<_> = world.tokens().into_iter().filter(|token| token.id != old).collect();
                assert!(successors.len() <= 1, "{case}");
                // There is always a token that works.
                assert!(world.is_there(&old) || progress.verified, "{case}");
                if let Some(id) = &progress.successor {
                    assert_eq!(&successors[0].id, id, "{case}");
                } else if progress.in_doubt.is_none() {
                    assert!(successors.is_empty(), "{case}");
                }
                if progress.old_token_deleted {
                    assert!(!world.is_there(&old), "{case}");
                } else if progress.in_doubt.is_none() {
                    assert!(world.is_there(&old), "{case}: {:?}", stopped.error);
                }
                let clock = world.fake.clock();
                let again = progress.resume_with(world.admin.clone(), clock.now()).unwrap();
                drive(again, &world.fake, clock).unwrap_or_else(|again| panic!("{case}: {again:?}"))
            }
        };
        check(&world, &old, &rotated);
    }
    assert!(done > 100 && stopped_early > 20, "{done} done, {stopped_early} stopped");
}
