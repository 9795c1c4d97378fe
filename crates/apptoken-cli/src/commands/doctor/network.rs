//! The way to the server: name, TCP, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use apptoken::{Endpoint, UnixSeconds};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::report::{Link, Report};
use crate::failure::{Code, Failure};
use crate::setup::settings::{Key, Settings};
use crate::show::time;
use crate::values::without_password;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether the server can be reached.
pub(super) fn check(settings: &Settings, endpoint: &Endpoint, report: &mut Report<'_>) -> bool {
    let Some(Target { host, port, encrypted }) = Target::of(endpoint.as_str()) else { return true };
    let proxy = match settings.find(Key::Proxy) {
        Ok(proxy) => proxy.filter(|_| !is_this_machine(&host)),
        Err(failure) => {
            report.broken(Link::Proxy, &failure);
            return false;
        }
    };
    if let Some(proxy) = proxy {
        return reach_proxy(&proxy.value, report);
    }
    let Some(addresses) = report.checked(Link::Name, resolve(&host, port)) else { return false };
    let Some(connection) = report.checked(Link::Tcp, connect(&addresses)) else { return false };
    if !encrypted {
        report.note(Link::Tls, "http: not encrypted, which is only for a server on this machine");
        return true;
    }
    match settings.root_certificates().and_then(|roots| handshake(connection, &host, roots)) {
        Ok(text) => {
            report.good(Link::Tls, text);
            true
        }
        Err(failure) => {
            report.broken(Link::Tls, &failure);
            false
        }
    }
}

struct Target {
    host: String,
    port: u16,
    encrypted: bool,
}

impl Target {
    /// Of a URL that was checked when it was parsed.
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next()?;
        let encrypted = scheme == "https";
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, if encrypted { 443 } else { 80 }),
        };
        Some(Self { host: host.trim_matches(['[', ']']).to_owned(), port, encrypted })
    }
}

/// Requests to this machine use no proxy.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The proxy resolves the name of the server and connects to it, so only the proxy itself can be checked from here.
fn reach_proxy(url: &str, report: &mut Report<'_>) -> bool {
    let url = without_password(url);
    let Some(Target { host, port, .. }) = Target::of(&url) else { return true };
    let reached = resolve(&host, port).and_then(|(_, addresses)| Ok((connect(&addresses)?.0, ())));
    if report.checked(Link::Proxy, reached.map(|(text, ())| (format!("{url}: {text}"), ()))).is_none() {
        return false;
    }
    report.skip(Link::Tls, "the proxy connects to the server; the next line says whether that works");
    true
}

fn resolve(host: &str, port: u16) -> Result<(String, Vec<SocketAddr>), Failure> {
    let begun = Instant::now();
    let failed = |why: String| {
        Failure::new(Code::Network, format!("{host} is not found: {why}"))
            .cure("check service-url, the network and the name servers (or a VPN)")
    };
    let addresses: Vec<_> = (host, port).to_socket_addrs().map_err(|error| failed(error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(failed("it has no address".to_owned()));
    }
    let count = if addresses.len() == 1 { "1 address".to_owned() } else { format!("{} addresses", addresses.len()) };
    Ok((format!("{host} -> {count}, {} ms", begun.elapsed().as_millis()), addresses))
}

fn connect(addresses: &[SocketAddr]) -> Result<(String, TcpStream), Failure> {
    let mut last = None;
    for address in addresses {
        let begun = Instant::now();
        match TcpStream::connect_timeout(address, TIMEOUT) {
            Ok(stream) => return Ok((format!("{address} answers, {} ms", begun.elapsed().as_millis()), stream)),
            Err(error) => last = Some((address, error)),
        }
    }
    let (what, refused) = match last {
        Some((address, error)) => (format!("{address}: {error}"), error.kind() == io::ErrorKind::ConnectionRefused),
        None => ("there is no address".to_owned(), false),
    };
    let cure = if refused {
        "check the port in service-url, and that the server runs"
    } else {
        "check the firewall; if this network needs a proxy: apptoken config set proxy http://HOST:PORT"
    };
    Err(Failure::new(Code::Network, what).cure(cure))
}

fn handshake(mut stream: TcpStream, host: &str, roots: Option<Vec<u8>>) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(Code::Network, format!("the TLS handshake failed: {why}"));
    let (verifier, provider) = RecordingVerifier::new(roots.as_deref()).map_err(failed)?;
    let verifier = Arc::new(verifier);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        // It verifies as the transport does, and only notes the certificate.
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| failed(error.to_string()))?;
    let timeouts = stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(TIMEOUT)));
    timeouts.map_err(|error| failed(error.to_string()))?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            return Err(refused(&error, verifier.certificate()));
        }
    }
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let about = verifier.certificate().map(|certificate| certificate.to_string()).unwrap_or_default();
    Ok(format!("{version}, {about}"))
}

fn refused(error: &io::Error, certificate: Option<Certificate>) -> Failure {
    let about =
        certificate.as_ref().map(|certificate| format!(" (its certificate: {certificate})")).unwrap_or_default();
    let cure = match certificate {
        Some(_) => {
            "check the name in service-url and this machine's clock; if a firewall inspects TLS: apptoken config set root-certificates \
             FILE"
        }
        None => "check that service-url is that of a server with https",
    };
    Failure::new(Code::Network, format!("the server is refused: {error}{about}")).cure(cure)
}

/// What is shown of a certificate.
struct Certificate {
    issuer: String,
    ends_at: UnixSeconds,
}

impl std::fmt::Display for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let now = time::now();
        let left = time::length(self.ends_at.seconds_since(now).unsigned_abs());
        if self.ends_at > now {
            write!(f, "issuer {}, valid {left}", self.issuer)
        } else {
            write!(f, "issuer {}, EXPIRED {left} ago", self.issuer)
        }
    }
}

/// Verifies as the transport does, and notes the certificate, also one that it refuses.
#[derive(Debug)]
struct RecordingVerifier {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Vec<u8>>>,
}

impl RecordingVerifier {
    /// With these root certificates (PEM), or with those of the platform.
    fn new(roots: Option<&[u8]>) -> Result<(Self, Arc<CryptoProvider>), String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner: Arc<dyn ServerCertVerifier> = match roots {
            None => {
                let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider));
                Arc::new(verifier.map_err(|error| error.to_string())?)
            }
            Some(pem) => {
                let mut store = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|error| error.to_string())?;
                    store.add(certificate).map_err(|error| error.to_string())?;
                }
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider));
                verifier.build().map_err(|error| error.to_string())?
            }
        };
        Ok((Self { inner, seen: Mutex::new(None) }, provider))
    }

    fn certificate(&self) -> Option<Certificate> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, certificate) = X509Certificate::from_der(seen.as_deref()?).ok()?;
        let issuer = certificate.issuer();
        let name = issuer.iter_common_name().next().or_else(|| issuer.iter_organization().next());
        let issuer = name.and_then(|name| name.as_str().ok()).unwrap_or("unnamed").to_owned();
        Some(Certificate { issuer, ends_at: UnixSeconds(certificate.validity().not_after.timestamp()) })
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_those_of_the_endpoint() {
        for (url, host, port) in [
            ("https://www.kaltura.com", "www.kaltura.com", 443),
            ("https://media.example.org:8443/kaltura", "media.example.org", 8443),
            ("http://127.0.0.1:8080", "127.0.0.1", 8080),
            ("http://[::1]:8080", "::1", 8080),
            ("http://[::1]", "::1", 80),
        ] {
            let target = Target::of(Endpoint::parse(url).unwrap().as_str()).unwrap();
            assert_eq!((&*target.host, target.port), (host, port), "{url}");
        }
    }
}
