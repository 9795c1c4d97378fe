//! A server of Kaltura, a token, and providers with the store.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::store::{SessionKey, SessionStore};
use apptoken::{
    Builder, Credential, Endpoint, Event, HashType, Observer, PartnerId, Provider, ProviderBuilder, SessionOptions,
};
use apptoken_store_redis::{RedisStore, RedisStoreBuilder};
use apptoken_transport_fake::{Fake, Token, TokenSpec};

pub(crate) const START: &str = "appToken.startSession";
pub(crate) const WIDGET: &str = "session.startWidgetSession";
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
/// Longer than a loaded machine needs: for tests that are not about limits.
pub(crate) const AMPLE: Duration = Duration::from_secs(60);
/// So that a test of a limit is fast.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

/// A token that leaves the user open.
pub(crate) fn token(fake: &Fake) -> Token {
    fake.add_token(partner(), TokenSpec::new(HashType::Sha256).duration(DAY))
}

pub(crate) fn credential(token: &Token) -> Credential {
    Credential::new(partner(), token.id.clone(), token.secret.clone(), HashType::Sha256)
}

pub(crate) fn key(token: &Token) -> SessionKey {
    SessionKey::new(&endpoint(), &credential(token), SessionOptions::default())
}

pub(crate) fn requests_to(fake: &Fake) -> Builder {
    Builder::with_transport(endpoint(), fake.clone()).clock(fake.clock())
}

pub(crate) fn provider_with(
    fake: &Fake,
    token: &Token,
    store: impl SessionStore + Send + Sync + 'static,
) -> ProviderBuilder {
    requests_to(fake).provider(credential(token)).store(store)
}

pub(crate) fn provider(fake: &Fake, token: &Token, store: impl SessionStore + Send + Sync + 'static) -> Provider {
    provider_with(fake, token, store).build()
}

pub(crate) fn builder(url: &str) -> RedisStoreBuilder {
    RedisStore::builder(url).operation_timeout(AMPLE)
}

pub(crate) fn store(url: &str) -> RedisStore {
    builder(url).build().unwrap()
}

/// The number of sessions that the server started.
pub(crate) fn logins(fake: &Fake) -> usize {
    let journal = fake.journal();
    let single = journal.entries().filter(|entry| entry.action == START && entry.outcome == "ok").count();
    let parts = journal.entries().flat_map(|entry| &entry.parts);
    single + parts.filter(|(action, outcome)| action == START && outcome == "ok").count()
}

/// Records failures of the store as text.
#[derive(Clone, Default)]
pub(crate) struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Failures {
    fn observe(&self, event: &Event<'_>) {
        if let Event::StoreFailed { error, .. } = event {
            let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
            self.0.lock().unwrap().push(format!("{error}{cause}"));
        }
    }
}
