use std::io::Write;
use std::sync::Arc;

use apptoken_core::Endpoint;
use apptoken_transport_ureq::UreqTransport;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{self, LONG, Server, read_request, reply, send};

/// A self-signed certificate of a host in PEM, with the server configuration for it.
pub(crate) fn certificate(host: &str) -> (String, Arc<ServerConfig>) {
    certificate_with(CertificateParams::new([host.to_owned()]).unwrap())
}

pub(crate) fn certificate_with(params: CertificateParams) -> (String, Arc<ServerConfig>) {
    let signing_key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    (cert.pem(), config.with_single_cert(vec![cert.der().clone()], key).unwrap().into())
}

/// A TLS server that replies to this many requests on one connection.
fn serve(config: Arc<ServerConfig>, requests: usize) -> Server<()> {
    Server::new(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        for _ in 0..requests {
            read_request(&mut stream);
            stream.write_all(&reply(b"true")).unwrap();
        }
    })
}

pub(crate) fn https<R: Send + 'static>(server: &Server<R>) -> Endpoint {
    Endpoint::parse(&format!("https://{}", server.authority())).unwrap()
}

pub(crate) fn trusting(pem: String) -> UreqTransport {
    UreqTransport::builder().root_certificates(pem).build().unwrap()
}

#[test]
fn named_certificates_are_trusted_and_a_connection_is_kept() {
    let (pem, config) = certificate("127.0.0.1");
    let (another, _) = certificate("localhost");
    let server = serve(config, 2);
    let transport = trusting(another + &pem);
    assert_eq!(send(&transport, &https(&server)).unwrap().body(), b"true");
    assert_eq!(send(&transport, &https(&server)).unwrap().body(), b"true");
    server.finish();
}

#[test]
fn a_reply_cut_short_within_tls_is_a_failure() {
    let (pem, config) = certificate("127.0.0.1");
    let server = Server::new(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ntrue").unwrap();
    });
    assert!(!send(&trusting(pem), &https(&server)).unwrap_err().is_not_sent());
    server.finish();
}

/// On other systems the certificates of the platform are not in a file.
#[cfg(target_os = "linux")]
#[test]
fn the_platforms_certificates_are_trusted() {
    let (pem, config) = certificate("127.0.0.1");
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/platform.pem");
    std::fs::write(file, pem).unwrap();
    let server = serve(config, 1);
    let mut child = support::child("tls::send_to_the_endpoint_of_the_environment");
    child.env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR").env(ENDPOINT, https(&server).as_str());
    support::assert_passes(child);
    server.finish();
}

const ENDPOINT: &str = "APPTOKEN_TEST_ENDPOINT";

#[test]
#[ignore = "run in a process of its own by the test above"]
fn send_to_the_endpoint_of_the_environment() {
    let endpoint = Endpoint::parse(&std::env::var(ENDPOINT).unwrap()).unwrap();
    let transport = UreqTransport::builder().total_timeout(LONG).build().unwrap();
    assert_eq!(send(&transport, &endpoint).unwrap().body(), b"true");
}
