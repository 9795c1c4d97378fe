use apptoken_core::admin::Revoke;
use apptoken_core::api::session;
use apptoken_core::{AppTokenId, ErrorKind, KalturaCode, KsFault, Login};
use apptoken_transport_fake::{Fault, FaultKind};

use super::world::{World, faults, partner};

fn revoke(world: &World, id: &AppTokenId) -> Revoke {
    Revoke::new(world.endpoint(), world.admin.clone(), id.clone())
}

#[test]
fn one_request_deletes_the_token_and_revokes_its_sessions() {
    let world = World::new();
    let token = world
        .fake
        .add_token(partner(), apptoken_transport_fake::TokenSpec::new(apptoken_core::HashType::Sha256).user("u"));
    let credential = apptoken_core::Credential::new(partner(), token.id.clone(), token.secret, token.hash_type);
    let live = world.run(Login::new(world.endpoint(), credential)).unwrap();
    world.fake.clear_journal();

    assert!(world.run(revoke(&world, &token.id)).unwrap().existed);
    assert_eq!(world.fake.journal().requests(), 1);
    assert!(!world.is_there(&token.id));

    let call =
        apptoken_core::Call::new(world.endpoint(), apptoken_core::api::user::Get::default()).with_ks(live.ks().clone());
    let error = world.run(call).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)));
    assert!(!world.run(revoke(&world, &token.id)).unwrap().existed);
}

#[test]
fn revoking_an_unknown_token_succeeds() {
    let world = World::new();
    assert!(!world.run(revoke(&world, &AppTokenId::parse("0_nope1234").unwrap())).unwrap().existed);
}

#[test]
fn after_every_fault_a_rerun_completes_the_revocation() {
    for (case, fault) in faults() {
        let world = World::new();
        let id = world.token();
        let fault = world.fake.inject(fault);
        let ended = world.run(revoke(&world, &id));
        world.fake.remove_fault(fault);
        if let Err(stopped) = ended {
            if !stopped.error.may_have_acted() && world.fake.journal().count("appToken.delete") == 0 {
                assert!(world.is_there(&id), "{case}");
            }
            world.run(revoke(&world, &id)).unwrap_or_else(|again| panic!("{case}: {again:?}"));
        }
        assert!(!world.is_there(&id), "{case}");
    }
}

#[test]
fn ending_one_session_of_an_app_token_ends_all_of_them() {
    let world = World::new();
    let token = world
        .fake
        .add_token(partner(), apptoken_transport_fake::TokenSpec::new(apptoken_core::HashType::Sha256).user("u"));
    let credential =
        || apptoken_core::Credential::new(partner(), token.id.clone(), token.secret.clone(), token.hash_type);
    let one = world.run(Login::new(world.endpoint(), credential())).unwrap();
    let other = world.run(Login::new(world.endpoint(), credential())).unwrap();
    let end = session::End::every_session_of_the_app_token_for_a_day();
    world.run(apptoken_core::Call::new(world.endpoint(), end).with_ks(one.ks().clone())).unwrap();
    let later = world.run(Login::new(world.endpoint(), credential())).unwrap();
    for session in [&one, &other, &later] {
        let call = apptoken_core::Call::new(world.endpoint(), apptoken_core::api::user::Get::default())
            .with_ks(session.ks().clone());
        let error = world.run(call).unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)));
    }
}

#[test]
fn a_repetition_after_an_unknown_outcome_succeeds() {
    let world = World::new();
    let id = world.token();
    world.fake.inject(Fault::on("multirequest", FaultKind::Reset).nth(1).after_commit());
    assert!(!world.run(revoke(&world, &id)).unwrap().existed);
    assert!(!world.is_there(&id));
}
