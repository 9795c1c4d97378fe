//! Starting and stopping, also many emulators at the same time.

use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use apptoken_emulator::{Emulator, Limits, Options};
use apptoken_transport_fake::Fake;

use crate::client::Client;

pub(crate) const PING: &str = "/api_v3/service/system/action/ping?format=1";

#[test]
fn one_line_starts_an_emulator() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    assert!(emulator.address().ip().is_loopback());
    assert_eq!(emulator.url(), format!("http://{}", emulator.address()));
    assert_eq!(emulator.endpoint().as_str(), format!("{}/api_v3", emulator.url()));
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
}

#[test]
fn a_dropped_emulator_closes_its_port() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let address = emulator.address();
    drop(emulator);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn many_emulators_have_their_own_counts() {
    let emulators: Vec<_> = (0..20).map(|_| Emulator::start(Fake::new()).unwrap()).collect();
    for (index, emulator) in emulators.iter().enumerate() {
        let mut client = Client::connect(emulator);
        for _ in 0..index {
            client.get(PING);
        }
    }
    let requests: Vec<_> = emulators.iter().map(|emulator| emulator.counts().requests).collect();
    assert_eq!(requests, (0..20).collect::<Vec<_>>());
}

#[test]
fn idle_connections_do_not_delay_stopping() {
    let limits = with(|limits| limits.stop_time = Duration::from_secs(600));
    let emulator = Options::new().limits(limits).start(Fake::new()).unwrap();
    let mut silent = Client::connect(&emulator);
    let mut used = Client::connect(&emulator);
    used.get(PING);
    let started = Instant::now();
    emulator.stop().unwrap();
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(used.rest().unwrap(), b"");
    assert_eq!(silent.rest().unwrap(), b"");
}

#[test]
fn connections_and_requests_are_counted() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.get(PING);
    client.get(PING);
    Client::connect(&emulator).get(PING);
    let counts = emulator.counts();
    assert_eq!((counts.connections, counts.requests, counts.full_handshakes), (2, 3, 0));
}

#[test]
fn threads_share_one_emulator() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = Client::connect(&emulator);
                start.wait();
                for _ in 0..50 {
                    assert_eq!(client.get(PING).text(), "true");
                }
            });
        }
    });
    assert_eq!(emulator.counts().requests, 800);
}

#[test]
fn other_machines_must_be_allowed() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let error = Options::new().listen(everywhere).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains("0.0.0.0") && error.contains("allow_other_machines"), "{error}");
    let emulator = Options::new().listen(everywhere).allow_other_machines().start(Fake::new()).unwrap();
    assert_eq!(emulator.url(), format!("http://127.0.0.1:{}", emulator.address().port()));
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
}

#[test]
fn an_address_for_other_machines_has_random_secrets() {
    use apptoken_core::{HashType, PartnerId};
    use apptoken_transport_fake::TokenSpec;

    let partner = PartnerId::new(101).unwrap();
    let secrets = |fake: Fake| {
        let emulator = Options::new().listen("0.0.0.0:0".parse().unwrap()).allow_other_machines().start(fake).unwrap();
        let token = emulator.fake().add_token(partner, TokenSpec::new(HashType::Sha256));
        let admin = emulator.fake().admin_secret(partner).unwrap();
        [token.secret.expose().to_owned(), admin.expose().to_owned()]
    };
    let (one, other) = (secrets(Fake::new()), secrets(Fake::new()));
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    let seeded = || {
        let fake = Fake::builder().seed(7).build();
        fake.add_account(apptoken_transport_fake::Account::new(partner));
        fake
    };
    assert!(secrets(seeded()) == secrets(seeded()));
}

#[test]
fn an_address_in_use_is_named() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let error = Options::new().listen(emulator.address()).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains(&emulator.address().to_string()), "{error}");
}

pub(crate) fn with(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}
