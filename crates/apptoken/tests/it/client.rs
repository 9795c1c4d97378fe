//! The blocking clients over real HTTP and on the model of the server.

use apptoken::api::{session, user};
use apptoken::value::KsVersion;
use apptoken::{
    Authority, Builder, Credential, Endpoint, ErrorKind, HashChoice, HashType, KalturaCode, PartnerId, RetryPolicy,
    SessionType, UreqTransport,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Account, Fake, TokenSpec};

pub(crate) fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

fn credential(fake: &Fake, hash_type: HashType) -> Credential {
    let token = fake.add_token(partner(), TokenSpec::new(hash_type).user("alice"));
    Credential::new(partner(), token.id, token.secret, hash_type)
}

#[test]
fn a_login_costs_two_requests_and_one_connection() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let transport = UreqTransport::builder().root_certificates(emulator.certificate_pem().unwrap()).build().unwrap();
    let client = Builder::new(emulator.endpoint().clone())
        .transport(transport)
        .clock(emulator.fake().clock())
        .client(credential(emulator.fake(), HashType::Sha256));
    assert_eq!(client.login().unwrap().user_id(), "alice");
    let counts = emulator.counts();
    assert_eq!((counts.requests, counts.connections, counts.full_handshakes, counts.resumed_handshakes), (2, 1, 1, 0));
}

#[test]
fn all_hash_types_and_ks_versions_log_in_over_http() {
    for version in [KsVersion::V1, KsVersion::V2] {
        let fake = Fake::new();
        fake.add_account(Account::new(partner()).ks_version(version));
        let emulator = Emulator::start(fake).unwrap();
        for hash_type in HashType::ALL {
            let builder = Builder::new(emulator.endpoint().clone()).clock(emulator.fake().clock());
            let session = builder.client(credential(emulator.fake(), hash_type)).login().unwrap();
            assert_eq!((session.ks().version(), session.hash_type()), (Some(version), hash_type));
        }
    }
}

#[test]
fn detection_finds_the_type_on_the_model() {
    for hash_type in HashType::ALL {
        let fake = Fake::new();
        let credential = Credential { hash: HashChoice::Detect, ..credential(&fake, hash_type) };
        let client = Builder::new(Endpoint::parse("http://localhost").unwrap())
            .transport(fake.clone())
            .clock(fake.clock())
            .client(credential);
        assert_eq!(client.login().unwrap().hash_type(), hash_type);
        assert!(fake.journal().requests() <= 5);
    }
}

#[test]
fn a_token_of_another_region_or_hash_type_gives_advice() {
    let (here, elsewhere) = (Fake::new(), Fake::builder().seed(7).build());
    let client = |credential| {
        Builder::new(Endpoint::parse("http://localhost").unwrap())
            .transport(here.clone())
            .clock(here.clock())
            .client(credential)
    };
    let error = client(credential(&elsewhere, HashType::Sha256)).login().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound));
    assert!(error.advice().contains("region"), "{}", error.advice());

    let wrong = Credential { hash: HashType::Md5.into(), ..credential(&here, HashType::Sha256) };
    let error = client(wrong).login().unwrap_err();
    assert!(error.advice().contains("hashType is MD5"), "{}", error.advice());
}

#[test]
fn an_unreachable_server_and_an_html_reply_give_advice() {
    let fake = Fake::new();
    let credential = credential(&fake, HashType::Sha256);
    let emulator = Emulator::start(fake.clone()).unwrap();
    let gone = emulator.endpoint().clone();
    emulator.stop().unwrap();
    let error = Builder::new(gone).retry(RetryPolicy::none()).client(credential.clone()).login().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(error.advice().contains("service URL"), "{}", error.advice());

    fake.inject(apptoken_transport_fake::Fault::on_any(apptoken_transport_fake::FaultKind::Html(200)));
    let client = Builder::new(Endpoint::parse("http://localhost").unwrap())
        .transport(fake.clone())
        .clock(fake.clock())
        .client(credential);
    let error = client.login().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HtmlReply);
    assert!(error.advice().contains("service URL"), "{}", error.advice());
}

#[test]
fn a_login_and_a_call_with_its_session() {
    let fake = Fake::new();
    let client = Builder::new(Endpoint::parse("http://localhost").unwrap())
        .transport(fake.clone())
        .clock(fake.clock())
        .client(credential(&fake, HashType::Sha1));
    let session = client.login().unwrap();
    assert_eq!(client.call(session.ks(), user::Get::default()).unwrap().id, "alice");
    let error = client.call(session.ks(), session::Get::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::ServiceForbidden));
}

#[test]
fn an_admin_session_is_signed_locally_for_both_versions() {
    for version in [KsVersion::V1, KsVersion::V2] {
        let fake = Fake::new();
        fake.add_account(Account::new(partner()).ks_version(version));
        let secret = fake.admin_secret(partner()).unwrap();
        let endpoint = Endpoint::parse("http://localhost").unwrap();
        let admin = Builder::new(endpoint)
            .transport(fake.clone())
            .clock(fake.clock())
            .admin(partner(), Authority::Secret { secret, version });
        let info = admin.call(session::Get::default()).unwrap();
        assert_eq!((info.partner_id, info.session_type), (101, i64::from(SessionType::Admin.code())));
        assert_eq!(fake.journal().requests(), 1);
    }
}
