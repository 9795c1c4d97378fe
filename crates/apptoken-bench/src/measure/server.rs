//! The server of the measurements, and the way to it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use apptoken::{Builder, Client, Credential, Endpoint, HashType, PartnerId, UreqTransport};
use apptoken_bench::DelayingProxy;
use apptoken_emulator::{Counts, Emulator};
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec};
use tempfile::TempDir;

use super::Result;

/// An emulator with TLS, one account and one app token that does not set the user.
pub(crate) struct Server {
    emulator: Emulator,
    pub(crate) partner: PartnerId,
    pub(crate) token: Token,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let fake = Fake::builder().clock(FakeClock::running()).build();
        let partner = PartnerId::new(101)?;
        let token = add_token(&fake, partner);
        let emulator = Emulator::start_tls(fake)?;
        let folder = TempDir::new()?;
        fs::write(folder.path().join("ca.pem"), emulator.certificate_pem().unwrap_or_default())?;
        Ok(Self { emulator, partner, token, folder })
    }

    pub(crate) fn proxy(&self, round_trip: Duration) -> Result<DelayingProxy> {
        Ok(DelayingProxy::start(self.emulator.address(), round_trip)?)
    }

    /// The file with the certificate that clients must trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn credential(&self) -> Credential {
        credential(self.partner, &self.token)
    }

    /// A builder with a transport of its own, so without a connection.
    pub(crate) fn builder(&self, address: SocketAddr) -> Result<Builder> {
        let certificate = self.emulator.certificate_pem().unwrap_or_default();
        let transport = UreqTransport::builder().root_certificates(certificate).build()?;
        Ok(Builder::new(Endpoint::parse(&url(address))?).transport(transport))
    }

    pub(crate) fn client(&self, address: SocketAddr) -> Result<Client> {
        Ok(self.builder(address)?.client(self.credential()))
    }

    pub(crate) fn counts(&self) -> Counts {
        self.emulator.counts()
    }

    /// The settings for other programs.
    pub(crate) fn variables(&self, address: SocketAddr) -> Vec<(&'static str, String)> {
        let certificate = self.certificate().display().to_string();
        vec![
            ("KALTURA_SERVICE_URL", url(address)),
            ("KALTURA_PARTNER_ID", self.partner.to_string()),
            ("KALTURA_APP_TOKEN_ID", self.token.id.to_string()),
            ("KALTURA_APP_TOKEN", self.token.secret.expose().to_owned()),
            ("KALTURA_APP_TOKEN_HASH_TYPE", self.token.hash_type.to_string()),
            ("SSL_CERT_FILE", certificate.clone()),
            ("CURL_CA_BUNDLE", certificate.clone()),
            ("REQUESTS_CA_BUNDLE", certificate.clone()),
            ("NODE_EXTRA_CA_CERTS", certificate),
        ]
    }
}

/// Adds a token of a day that does not set the user, and its account.
pub(crate) fn add_token(fake: &Fake, partner: PartnerId) -> Token {
    fake.add_account(Account::new(partner));
    fake.add_token(partner, TokenSpec::new(HashType::Sha256).duration(Duration::from_secs(86_400)))
}

pub(crate) fn credential(partner: PartnerId, token: &Token) -> Credential {
    Credential::new(partner, token.id.clone(), token.secret.clone(), HashType::Sha256)
}

fn url(address: SocketAddr) -> String {
    format!("https://{address}")
}
