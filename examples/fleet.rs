//! One session for all machines of a fleet, shared through Redis or Valkey.
//!
//!     KALTURA_SESSION_STORE=redis://localhost:6379 cargo run --example fleet
//!
//! Without the setting it starts nothing: each machine then logs in by itself, which is what this prints.

use std::error::Error;

use apptoken::{Builder, Credential, Event, HashType, Observer, PartnerId, ProviderBuilder};
use apptoken_emulator::Emulator;
use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::{Fake, FakeClock, TokenSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Fake::builder().clock(FakeClock::running()).build())?;
    let partner = PartnerId::new(101)?;
    let token = emulator.fake().add_token(partner, TokenSpec::new(HashType::Sha256).user("importer"));
    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha256);

    // A real machine has `Builder::new(Config::from_env()?.endpoint).provider(EnvSource)`.
    let machine = || Builder::new(emulator.endpoint().clone()).provider(credential.clone());
    for number in 1..=5 {
        let provider = with_store(machine())?.observer(Report).build();
        println!("machine {number}: a session until {}", provider.session()?.expires_at());
    }
    println!("logins: {}", emulator.fake().journal().count("appToken.startSession"));
    Ok(())
}

fn with_store(provider: ProviderBuilder) -> Result<ProviderBuilder, apptoken::Error> {
    match std::env::var_os("KALTURA_SESSION_STORE") {
        Some(_) => Ok(provider.store(RedisStore::from_env()?)),
        None => Ok(provider),
    }
}

/// A program that watches this notices that Redis fails, although each machine goes on.
struct Report;

impl Observer for Report {
    fn observe(&self, event: &Event<'_>) {
        if let Event::StoreFailed { .. } = event {
            eprintln!("{event}");
        }
    }
}
