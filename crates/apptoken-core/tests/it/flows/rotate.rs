use std::time::Duration;

use apptoken_core::admin::{OldToken, Revoke, Rotate, Rotation};
use apptoken_core::api::app_token::TokenExpiry;
use apptoken_core::{
    AppTokenId, Clock as _, ErrorKind, HashType, KalturaCode, KsFault, Login, StoppedFlow, UnixSeconds, drive,
};
use apptoken_transport_fake::{Fault, FaultKind, TokenSpec};

use super::world::{World, faults, partner};

const AT_ONCE: OldToken = OldToken::DeleteAfter(Duration::ZERO);
/// An overlap that the flow does not wait for.
const DAY: Duration = Duration::from_secs(86_400);

fn rotate(world: &World, old: &AppTokenId, old_token: OldToken) -> Rotate {
    Rotate::new(world.endpoint(), world.admin.clone(), partner(), old.clone(), old_token)
}

#[test]
fn a_rotation_takes_four_requests() {
    let world = World::new();
    let old = world.token();
    let rotated = world.run(rotate(&world, &old, AT_ONCE)).unwrap();
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
    let successor = world.run(rotate(&world, &old, AT_ONCE)).unwrap().successor;
    assert_eq!((successor.hash_type, successor.session_duration), (HashType::Sha512, Duration::from_secs(77)));
    assert_eq!((successor.privileges.to_string().as_str(), successor.expiry), ("list:*,setrole:5", Some(until)));
}

#[test]
fn the_successor_gets_another_hash_type_on_request() {
    let world = World::new();
    let old = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1).user("u")).id;
    let rotation = world.run(rotate(&world, &old, OldToken::Keep).hash_type(HashType::Sha512)).unwrap();
    assert_eq!(rotation.successor.hash_type, HashType::Sha512);

    let again = world.run(rotate(&world, &old, OldToken::Keep).hash_type(HashType::Sha512)).unwrap();
    assert_eq!(again.successor.id, rotation.successor.id);
}

#[test]
fn a_successor_with_another_hash_type_is_a_conflict() {
    let world = World::new();
    let old = world.token();
    let first = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    let stopped = world.run(rotate(&world, &old, AT_ONCE).hash_type(HashType::Sha512)).unwrap_err();
    assert_eq!(stopped.error.kind(), ErrorKind::Conflict);
    assert!(stopped.error.to_string().contains("has the hash type SHA256, not SHA512"), "{}", stopped.error);
    assert_eq!(stopped.progress.successor, Some(first.successor.id));
    assert!(world.is_there(&old));
}

#[test]
fn the_old_token_is_kept_on_request() {
    let world = World::new();
    let old = world.token();
    let rotation = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    assert!(!rotation.old_token_deleted && rotation.pending_revocation.is_none() && world.is_there(&old));
    assert_eq!(world.fake.journal().requests(), 3);
}

#[test]
fn the_flow_waits_for_a_short_overlap() {
    let world = World::new();
    let old = world.token();
    let before = world.fake.clock().now().elapsed;
    let rotation = world.run(rotate(&world, &old, OldToken::DeleteAfter(OldToken::LONGEST_WAIT))).unwrap();
    assert!(rotation.pending_revocation.is_none());
    check(&world, &old, &rotation);
    assert_eq!(world.fake.clock().now().elapsed - before, OldToken::LONGEST_WAIT);
}

#[test]
fn a_long_overlap_gives_a_revocation_to_run_when_it_ends() {
    let world = World::new();
    let old = world.token();
    let before = world.fake.clock().time();
    let overlap = OldToken::LONGEST_WAIT + Duration::from_secs(1);
    let rotation = world.run(rotate(&world, &old, OldToken::DeleteAfter(overlap))).unwrap();
    assert!(!rotation.old_token_deleted && world.is_there(&old));
    assert_eq!((world.fake.journal().requests(), world.fake.clock().time()), (3, before));

    let pending = rotation.pending_revocation.unwrap();
    assert_eq!((pending.due, &pending.id), (before.plus(overlap), &old));
    world.fake.clock().advance(DAY);
    // The admin session of the rotation has expired by now.
    let expired = world.run(pending.clone().revoke_with(world.admin.clone())).unwrap_err().error;
    assert_eq!(expired.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)));
    let admin = world.fake.admin_session(partner()).unwrap();
    assert!(world.run(pending.revoke_with(admin)).unwrap().existed && !world.is_there(&old));
}

#[test]
fn a_rotation_that_runs_again_starts_the_overlap_anew() {
    let world = World::new();
    let old = world.token();
    let first = world.run(rotate(&world, &old, OldToken::DeleteAfter(DAY))).unwrap();
    world.fake.clock().advance(Duration::from_secs(60));
    let again = world.run(rotate(&world, &old, OldToken::DeleteAfter(DAY))).unwrap();
    assert_eq!(again.successor.id, first.successor.id);
    let due = |rotation: Rotation| rotation.pending_revocation.unwrap().due;
    assert_eq!(due(again).seconds_since(due(first)), 60);

    let deleted = world.run(rotate(&world, &old, AT_ONCE)).unwrap();
    check(&world, &old, &deleted);
    let nothing_left = world.run(rotate(&world, &old, OldToken::DeleteAfter(DAY))).unwrap();
    assert!(nothing_left.old_token_deleted && nothing_left.pending_revocation.is_none());
}

#[test]
fn after_an_overlap_the_deletion_is_still_repeated() {
    let world = World::new();
    let old = world.token();
    world.fake.inject(Fault::on_any(FaultKind::Reset).nth(4));
    let rotated = world.run(rotate(&world, &old, OldToken::DeleteAfter(OldToken::LONGEST_WAIT))).unwrap();
    assert_eq!(world.fake.journal().requests(), 5);
    check(&world, &old, &rotated);
}

/// Failures before the overlap do not count for the request after it.
#[test]
fn after_an_overlap_the_deletion_has_all_its_attempts() {
    let world = World::new();
    let old = world.token();
    for request in [3, 5, 6] {
        world.fake.inject(Fault::on_any(FaultKind::Reset).nth(request));
    }
    let rotated = world.run(rotate(&world, &old, OldToken::DeleteAfter(OldToken::LONGEST_WAIT))).unwrap();
    assert_eq!(world.fake.journal().requests(), 7);
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
    let error = world.run(rotate(&world, &old, AT_ONCE)).unwrap_err().error;
    assert!(
        error.kind() == ErrorKind::Conflict && error.to_string().contains("expiry") | error.to_string().contains("end"),
        "{error}"
    );
    assert!(world.is_there(&old));
    let expiry = TokenExpiry::after(Duration::from_secs(86_400), world.fake.clock().time()).unwrap();
    assert!(world.run(rotate(&world, &old, AT_ONCE).expiry(expiry)).unwrap().old_token_deleted);
}

#[test]
fn an_unknown_token_is_an_error_a_rotated_one_is_not() {
    let world = World::new();
    let error = world.run(rotate(&world, &AppTokenId::parse("0_nope1234").unwrap(), AT_ONCE)).unwrap_err().error;
    assert!(error.to_string().contains("nothing to rotate"), "{error}");
    let old = world.token();
    let rotated = world.run(rotate(&world, &old, AT_ONCE)).unwrap();
    let again = world.run(rotate(&world, &old, AT_ONCE)).unwrap();
    assert_eq!(again.successor.id, rotated.successor.id);
    check(&world, &old, &again);
}

#[test]
fn a_successor_is_found_among_many_tokens() {
    let world = World::new();
    let old = world.token();
    let first = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    for _ in 0..620 {
        let _ = world.token();
    }
    let again = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    assert_eq!(again.successor.id, first.successor.id);
}

/// A page holds 500 tokens.
#[test]
fn each_page_has_only_tokens_that_are_newer_than_the_old_one() {
    let world = World::new();
    let tokens = || (0..620).for_each(|_| drop(world.token()));
    tokens();
    world.fake.clock().advance(Duration::from_secs(60));
    let old = world.token();
    let first = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    tokens();
    world.fake.clear_journal();
    let again = world.run(rotate(&world, &old, OldToken::Keep)).unwrap();
    assert_eq!(again.successor.id, first.successor.id);
    // The inspection with the first page, the second page, and the verification.
    assert_eq!(world.fake.journal().requests(), 3);
}

#[test]
fn after_every_fault_no_token_is_lost_and_a_rerun_completes() {
    let (mut done, mut stopped_early) = (0, 0);
    for old_token in
        [AT_ONCE, OldToken::DeleteAfter(OldToken::LONGEST_WAIT), OldToken::DeleteAfter(DAY), OldToken::Keep]
    {
        for (case, fault) in faults() {
            let case = format!("{old_token:?}, {case}");
            let world = World::new();
            let old = world.token();
            let id = world.fake.inject(fault);
            let ended = world.run(rotate(&world, &old, old_token));
            world.fake.remove_fault(id);
            let rotation = match ended {
                Ok(rotation) => {
                    done += 1;
                    rotation
                }
                Err(stopped) => {
                    stopped_early += 1;
                    check_stopped(&world, &old, &stopped, &case);
                    let clock = world.fake.clock();
                    let again = stopped.progress.resume_with(world.admin.clone(), clock.now()).unwrap();
                    drive(again, &world.fake, clock).unwrap_or_else(|again| panic!("{case}: {again:?}"))
                }
            };
            finish(&world, &old, old_token, rotation, &case);
        }
    }
    assert!(done > 400 && stopped_early > 80, "{done} done, {stopped_early} stopped");
}

/// A rotation that stopped leaves a token that works, and its progress says what exists.
fn check_stopped(world: &World, old: &AppTokenId, stopped: &StoppedFlow<Rotate>, case: &str) {
    let progress = &stopped.progress;
    let successors: Vec<_> = world.tokens().into_iter().filter(|token| token.id != *old).collect();
    assert!(successors.len() <= 1, "{case}");
    assert!(world.is_there(old) || progress.verified, "{case}");
    if let Some(id) = &progress.successor {
        assert_eq!(&successors[0].id, id, "{case}");
    } else if progress.in_doubt.is_none() {
        assert!(successors.is_empty(), "{case}");
    }
    if progress.old_token_deleted {
        assert!(!world.is_there(old), "{case}");
    } else if progress.in_doubt.is_none() {
        assert!(world.is_there(old), "{case}: {:?}", stopped.error);
    }
}

/// What was asked for the old token was done, and what remains to be done leaves only the successor.
fn finish(world: &World, old: &AppTokenId, old_token: OldToken, mut rotation: Rotation, case: &str) {
    let remains = old_token == OldToken::Keep || old_token == OldToken::DeleteAfter(DAY);
    assert_eq!((rotation.old_token_deleted, world.is_there(old)), (!remains, remains), "{case}");
    let pending = rotation.pending_revocation.take();
    assert_eq!(pending.is_some(), old_token == OldToken::DeleteAfter(DAY), "{case}");
    let revoke = match pending {
        Some(pending) => Some(pending.revoke_with(world.admin.clone())),
        None => remains.then(|| Revoke::new(world.endpoint(), world.admin.clone(), old.clone())),
    };
    if let Some(revoke) = revoke {
        rotation.old_token_deleted = world.run(revoke).unwrap().existed;
    }
    check(world, old, &rotation);
}
