//! Measures a request for a cached session, and the start of many sessions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use apptoken::{
    Builder, Credential, Endpoint, HashType, PartnerId, Provider, Session, SystemClock, Transport, UreqTransport,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec};
use arc_swap::ArcSwap;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const USERS: usize = 1000;

fn users() -> impl Iterator<Item = String> {
    (0..USERS).map(|number| format!("user{number}"))
}

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

/// A server with a running clock, and a token that does not set the user.
fn server() -> (Fake, Token) {
    let fake = Fake::builder().clock(FakeClock::running()).build();
    fake.add_account(Account::new(partner()));
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).duration(Duration::from_secs(86_400)));
    (fake, token)
}

fn provider(endpoint: &Endpoint, token: &Token, transport: impl Transport + Send + Sync + 'static) -> Provider {
    let credential = Credential::new(partner(), token.id.clone(), token.secret.clone(), HashType::Sha256);
    Builder::new(endpoint.clone()).transport(transport).provider(credential).build()
}

fn on_fake() -> Provider {
    let (fake, token) = server();
    provider(&Endpoint::parse("https://kaltura.example.org").unwrap(), &token, fake)
}

fn over_http(emulator: &Emulator, token: &Token) -> Provider {
    provider(emulator.endpoint(), token, UreqTransport::new())
}

/// A cached session: `provider.session()` compared with the minimum, which is loading an `Arc` and reading a clock.
mod cached {
    use super::*;

    #[divan::bench(threads = [1, 2, 4])]
    fn minimum_load_and_now(bencher: Bencher<'_, '_>) {
        let session: Arc<Session> = on_fake().session().unwrap();
        let cached = ArcSwap::new(session);
        bencher.bench(|| black_box((cached.load_full(), Instant::now())));
    }

    #[divan::bench(threads = [1, 2, 4])]
    fn session(bencher: Bencher<'_, '_>) {
        let provider = on_fake();
        provider.session().unwrap();
        bencher.bench(|| black_box(provider.session()));
    }

    /// Reading the clock of the provider: wall clock and monotonic clock.
    #[divan::bench]
    fn clock(bencher: Bencher<'_, '_>) {
        use apptoken::Clock as _;

        let clock = SystemClock::new();
        bencher.bench(|| black_box(clock.now()));
    }
}

/// A thousand users: `start_many` sends 11 requests, single logins send 1,001.
mod thousand_users {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn start_many_on_the_fake(bencher: Bencher<'_, '_>) {
        bencher.with_inputs(on_fake).bench_values(|provider| provider.start_many(users()));
    }

    #[divan::bench(sample_count = 20)]
    fn single_logins_on_the_fake(bencher: Bencher<'_, '_>) {
        bencher.with_inputs(on_fake).bench_values(one_by_one);
    }

    #[divan::bench(sample_count = 20)]
    fn start_many_over_http(bencher: Bencher<'_, '_>) {
        let (fake, token) = server();
        let emulator = Emulator::start(fake).unwrap();
        bencher.with_inputs(|| over_http(&emulator, &token)).bench_values(|provider| provider.start_many(users()));
    }

    #[divan::bench(sample_count = 20)]
    fn single_logins_over_http(bencher: Bencher<'_, '_>) {
        let (fake, token) = server();
        let emulator = Emulator::start(fake).unwrap();
        bencher.with_inputs(|| over_http(&emulator, &token)).bench_values(one_by_one);
    }

    fn one_by_one(provider: Provider) -> usize {
        users().filter(|user| provider.for_user(user).session().is_ok()).count()
    }
}
