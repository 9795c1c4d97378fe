//! One builder makes everything, and each of its settings can be chosen at run time.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use apptoken::store::{MemoryStore, SessionStore};
use apptoken::{
    Builder, Clock, Credential, CredentialSource, Endpoint, ErrorKind, Event, HashType, Observer, PartnerId,
    RetryPolicy, Transport,
};
use apptoken_transport_fake::{Fake, TokenSpec};

fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

fn credential(fake: &Fake) -> Credential {
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice"));
    Credential::new(partner(), token.id, token.secret, HashType::Sha256)
}

struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event<'_>) {}
}

#[test]
fn one_builder_makes_clients_that_share_its_settings() {
    let fake = Fake::new();
    let credential = credential(&fake);
    let builder = Builder::new(endpoint()).transport(fake.clone()).clock(fake.clock()).retry(RetryPolicy::none());
    let session = builder.clone().client(credential.clone()).login().unwrap();
    let provider = builder.clone().provider(credential).build();
    assert_eq!(provider.session().unwrap().user_id(), session.user_id());
    let admin = builder.admin(partner(), fake.admin_secret(partner()).unwrap());
    assert_eq!(admin.app_tokens(Default::default()).unwrap().len(), 1);
    assert_eq!(fake.journal().count("session.startWidgetSession"), 2);
}

#[test]
fn a_stop_is_for_all_that_one_builder_made() {
    let fake = Fake::new();
    let credential = credential(&fake);
    let builder = Builder::new(endpoint()).transport(fake.clone()).clock(fake.clock());
    let client = builder.clone().client(credential.clone());
    builder.provider(credential).build().stop();
    let error = client.login().unwrap_err();
    assert!(error.advice().contains("`stop`"), "{error:#}");
    assert_eq!(fake.journal().requests(), 0);
}

#[test]
fn each_setting_can_be_a_trait_object() {
    let fake = Fake::new();
    let boxed: (Box<dyn Transport + Send + Sync>, Box<dyn Clock + Send + Sync>) =
        (Box::new(fake.clone()), Box::new(fake.clock()));
    let shared: (Arc<dyn Transport + Send + Sync>, Arc<dyn Clock + Send + Sync>) =
        (Arc::new(fake.clone()), Arc::new(fake.clock()));
    let source = credential(&fake);
    let store = Arc::new(MemoryStore::new());

    let sources: (Box<dyn CredentialSource + Send + Sync>, Arc<dyn CredentialSource + Send + Sync>) =
        (Box::new(source.clone()), Arc::new(source));
    let stores: (Box<dyn SessionStore + Send + Sync>, Arc<dyn SessionStore + Send + Sync>) =
        (Box::new(Arc::clone(&store)), store);
    let observers: (Box<dyn Observer + Send + Sync>, Arc<dyn Observer + Send + Sync>) =
        (Box::new(Silent), Arc::new(Silent));

    let builder = Builder::with_transport(endpoint(), boxed.0).clock(boxed.1);
    let first = builder.provider(sources.0).store(stores.0).observer(observers.0).build();
    let builder = Builder::with_transport(endpoint(), shared.0).clock(shared.1);
    let second = builder.provider(sources.1).store(stores.1).observer(observers.1).build();
    assert!(first.session().unwrap().ks().is_same(second.session().unwrap().ks()));
    assert_eq!(fake.journal().count("appToken.startSession"), 1);
}

#[test]
fn the_default_transport_keeps_the_request_timeout() {
    // Connections wait in its queue and get no answer.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let builder = Builder::new(endpoint).request_timeout(Duration::from_millis(50)).retry(RetryPolicy::none());
    let error = builder.client(credential(&Fake::new())).login().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoReply);
}

#[test]
fn an_agent_of_the_program_sends_the_requests() {
    let emulator = apptoken_emulator::Emulator::start(Fake::new()).unwrap();
    let agent = ureq::Agent::config_builder().user_agent("of the program").build();
    let builder = Builder::new(emulator.endpoint().clone()).agent(agent.into()).clock(emulator.fake().clock());
    let session = builder.client(credential(emulator.fake())).login().unwrap();
    assert_eq!(session.user_id(), "alice");
}
