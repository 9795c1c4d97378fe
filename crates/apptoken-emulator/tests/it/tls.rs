//! HTTPS with the test certificate.

use std::net::TcpStream;
use std::sync::Arc;

use apptoken_core::PartnerId;
use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::Fake;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::client::Client;
use crate::life::{PING, with};

type TlsClient = Client<StreamOwned<ClientConnection, TcpStream>>;

fn trusting(emulator: &Emulator) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(emulator.certificate_pem().unwrap().as_bytes()).unwrap()).unwrap();
    config(roots)
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    Arc::new(builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth())
}

/// A client that trusts the emulator.
pub(crate) fn client(emulator: &Emulator) -> TlsClient {
    connect(emulator, &trusting(emulator), "localhost")
}

fn connect(emulator: &Emulator, config: &Arc<ClientConfig>, name: &'static str) -> TlsClient {
    let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from(name).unwrap()).unwrap();
    Client::over(StreamOwned::new(connection, TcpStream::connect(emulator.address()).unwrap()))
}

#[test]
fn the_certificate_is_valid_for_loopback_names() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    assert_eq!(emulator.url(), format!("https://{}", emulator.address()));
    let config = trusting(&emulator);
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(connect(&emulator, &config, name).get(PING).text(), "true", "{name}");
    }
}

#[test]
fn the_certificate_is_valid_for_chosen_names() {
    let options = Options::new().tls().certificate_name("kaltura").certificate_name("192.0.2.7");
    let emulator = options.start(Fake::new()).unwrap();
    let config = trusting(&emulator);
    for name in ["kaltura", "192.0.2.7", "localhost"] {
        assert_eq!(connect(&emulator, &config, name).get(PING).text(), "true", "{name}");
    }
    assert!(connect(&emulator, &config, "192.0.2.8").try_send("GET / HTTP/1.1\r\n\r\n").is_err());
}

#[test]
fn the_certificate_is_not_trusted_by_default() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let other = trusting(&Emulator::start_tls(Fake::new()).unwrap());
    let error = connect(&emulator, &other, "localhost").try_send("GET / HTTP/1.1\r\n\r\n").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn handshakes_are_counted_and_resumed() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let config = trusting(&emulator);
    let mut first = connect(&emulator, &config, "localhost");
    first.get(PING);
    first.get(PING);
    connect(&emulator, &config, "localhost").get(PING);
    let counts = emulator.counts();
    assert_eq!((counts.connections, counts.full_handshakes, counts.resumed_handshakes, counts.requests), (2, 1, 1, 3));
}

#[test]
fn an_endless_handshake_times_out() {
    let limits = with(|limits| limits.head_time = std::time::Duration::from_millis(50));
    let emulator = Options::new().tls().limits(limits).start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.send([0x16, 3, 1]);
    assert_eq!(client.rest().unwrap(), b"");
    assert_eq!(emulator.counts().full_handshakes, 0);
}

#[test]
fn plain_http_on_a_tls_port_reaches_no_action() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let _ = client.rest();
    assert_eq!(emulator.counts().requests, 0);
    assert_eq!(connect(&emulator, &trusting(&emulator), "localhost").get(PING).text(), "true");
}

#[test]
fn the_fake_knows_that_the_connection_is_encrypted() {
    let partner = PartnerId::new(101).unwrap();
    let fake = Fake::new();
    fake.change_account(partner, |account| account.https_only(true));
    let ks = fake.admin_session(partner).unwrap();
    let body = serde_json::json!({ "ks": ks.expose(), "format": 1 }).to_string();
    let list = "/api_v3/service/appToken/action/list";
    let encrypted = client(&Emulator::start_tls(fake.clone()).unwrap()).post(list, &body);
    assert!(encrypted.text().contains("totalCount"), "{}", encrypted.text());
    let plain = Client::connect(&Emulator::start(fake).unwrap()).post(list, &body);
    assert!(plain.text().contains("SERVICE_ACCESS_CONTROL_RESTRICTED"), "{}", plain.text());
}
