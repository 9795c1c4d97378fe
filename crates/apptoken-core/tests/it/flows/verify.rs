//! The login that verifies a new token, while a replica of the database does not have the token yet.

use std::cell::Cell;

use apptoken_core::admin::{OldToken, Provision, Rotate};
use apptoken_core::{Clock as _, Flow, FnTransport, Transport, drive};
use apptoken_transport_fake::{Fake, TokenStatus};

use super::world::{World, partner};

/// A server that does not find the token at the first login with it, and caches its errors as the real one does.
fn late_replica(fake: &Fake) -> impl Transport {
    fake.set_response_cache(true);
    let is_late = Cell::new(true);
    FnTransport::new(move |request| {
        let body = String::from_utf8_lossy(request.body());
        if !body.contains("startSession") || !is_late.replace(false) {
            return fake.send(request);
        }
        let token = fake.tokens(partner()).into_iter().find(|token| body.contains(token.id.as_str())).unwrap();
        fake.set_token_status(&token.id, TokenStatus::Deleted);
        let reply = fake.send(request);
        fake.set_token_status(&token.id, TokenStatus::Active);
        reply
    })
}

fn run<F: Flow>(world: &World, flow: F) -> Result<F::Output, String> {
    let clock = world.fake.clock();
    drive(flow.start(clock.now()).unwrap(), late_replica(&world.fake), clock)
        .map_err(|stopped| stopped.error.to_string())
}

/// Regression: the repeated login got the server's cached error, for up to 120 s, and the flow gave up.
#[test]
fn a_verification_again_is_not_answered_from_the_cache() {
    let world = World::new();
    let old = world.token();
    let rotate = Rotate::new(world.endpoint(), world.admin.clone(), partner(), old, OldToken::Keep);
    run(&world, rotate).unwrap();
    assert_eq!(world.fake.journal().count("appToken.startSession"), 2);

    let world = World::new();
    let provision =
        Provision::new(world.endpoint(), world.admin.clone(), partner(), "importer", "importer@example.org");
    run(&world, provision).unwrap();
    assert_eq!(world.fake.journal().count("appToken.startSession"), 2);
}
