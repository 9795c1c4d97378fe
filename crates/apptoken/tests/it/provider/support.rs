//! A server, a token, a machine with its own clocks, and an observer that records events.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::{
    Builder, Clock, Credential, Endpoint, Event, HashType, Moment, Observer, PartnerId, ProviderBuilder, UnixSeconds,
};
use apptoken_transport_fake::{Fake, FakeClock, Token, TokenSpec};

pub(super) const START: &str = "appToken.startSession";
pub(super) const WIDGET: &str = "session.startWidgetSession";
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

pub(super) fn token(fake: &Fake, lifetime: Duration) -> Token {
    fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice").duration(lifetime))
}

pub(super) fn credential(token: &Token) -> Credential {
    Credential::new(partner(), token.id.clone(), token.secret.clone(), HashType::Sha256)
}

/// A provider for sessions of a day.
pub(super) fn builder(fake: &Fake) -> ProviderBuilder {
    builder_with(fake, &token(fake, DAY))
}

pub(super) fn builder_with(fake: &Fake, token: &Token) -> ProviderBuilder {
    requests_to(fake).provider(credential(token))
}

/// Sends to the fake, on its clock.
pub(super) fn requests_to(fake: &Fake) -> Builder {
    Builder::new(endpoint()).transport(fake.clone()).clock(fake.clock())
}

/// The number of sessions that the server started.
pub(super) fn logins(fake: &Fake) -> u64 {
    fake.journal().entries().filter(|entry| entry.action == START && entry.outcome == "ok").count() as u64
}

/// A machine whose wall clock can be wrong, and which can be suspended.
#[derive(Clone)]
pub(super) struct Machine {
    server: FakeClock,
    wall_clock_skew: Arc<AtomicI64>,
    slept: Arc<AtomicU64>,
}

impl Machine {
    pub(super) fn of(fake: &Fake, wall_clock_skew: i64) -> Self {
        Self { server: fake.clock(), wall_clock_skew: Arc::new(AtomicI64::new(wall_clock_skew)), slept: Arc::default() }
    }

    pub(super) fn set_wall_clock_by(&self, seconds: i64) {
        self.wall_clock_skew.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Time passes, but not on the monotonic clock.
    pub(super) fn suspend(&self, duration: Duration) {
        self.server.advance(duration);
        self.slept.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for Machine {
    fn now(&self) -> Moment {
        let Moment { wall, elapsed } = self.server.now();
        Moment {
            wall: UnixSeconds(wall.0 + self.wall_clock_skew.load(Ordering::SeqCst)),
            elapsed: elapsed - Duration::from_secs(self.slept.load(Ordering::SeqCst)),
        }
    }

    fn sleep(&self, duration: Duration) {
        self.server.sleep(duration);
    }
}

/// Records events as text.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}
