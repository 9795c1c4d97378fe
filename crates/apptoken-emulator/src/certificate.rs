//! A TLS certificate for tests.

use std::fmt;
use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate for `localhost`, `127.0.0.1`, `[::1]` and chosen names. It is signed by a new authority whose key is then discarded.
#[derive(Clone)]
pub(crate) struct Certificate {
    authority_pem: String,
    server: Arc<rustls::ServerConfig>,
}

impl Certificate {
    /// Makes a certificate, also for these host names and addresses.
    pub(crate) fn make(names: &[String]) -> io::Result<Self> {
        for name in names {
            CertificateParams::new([name.clone()]).map_err(|_| {
                let why =
                    format!("the certificate cannot have the name {name}: use an ASCII host name or an IP address");
                io::Error::new(io::ErrorKind::InvalidInput, why)
            })?;
        }
        let authority = authority().map_err(io::Error::other)?;
        let (certificate, key) = leaf(&authority, names).map_err(io::Error::other)?;
        Ok(Self {
            authority_pem: authority.pem(),
            server: Arc::new(server(certificate, key).map_err(io::Error::other)?),
        })
    }

    /// The certificate that a client must trust.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    pub(crate) fn server(&self) -> Arc<rustls::ServerConfig> {
        Arc::clone(&self.server)
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "apptoken emulator: test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn leaf(
    authority: &CertifiedIssuer<'_, KeyPair>,
    names: &[String],
) -> Result<(CertificateDer<'static>, KeyPair), rcgen::Error> {
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from).into_iter().chain(names.iter().cloned());
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "apptoken emulator");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok((params.signed_by(&key, authority)?.into(), key))
}

fn server(certificate: CertificateDer<'static>, key: KeyPair) -> Result<rustls::ServerConfig, rustls::Error> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|why| rustls::Error::General(why.into()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}
