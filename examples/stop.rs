//! A service that stops within a second of SIGTERM or Ctrl-C, although its server hangs.
//!
//!     cargo run --example stop

use std::error::Error;
use std::time::Duration;

use apptoken::{Builder, Credential, HashType, PartnerId};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Fake::new())?;
    let (kaltura, partner) = (emulator.fake(), PartnerId::new(101)?);
    let token = kaltura.add_token(partner, TokenSpec::new(HashType::Sha256).user("importer"));
    kaltura.inject(Fault::on_any(FaultKind::Delay(Duration::from_secs(3600))));

    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha256);
    let provider = Builder::new(emulator.endpoint().clone()).provider(credential).build();

    // `stop` takes locks, so it must not run in a signal handler. This crate calls it on a thread of its own; with the crate
    // signal-hook, call it in the loop over `Signals::forever`.
    let stopper = provider.clone();
    ctrlc::set_handler(move || stopper.stop())?;

    println!("the server hangs; press Ctrl-C, or send SIGTERM to process {}", std::process::id());
    match provider.session() {
        Ok(session) => println!("a session of {:?}", session.user_id()),
        Err(error) => println!("the login ended: {error:#}"),
    }
    Ok(())
}
