//! The emulator in a process of its own, so that the one that forks has one thread.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::{env, iter};

use apptoken::{
    AppTokenId, AppTokenSecret, Builder, Credential, Endpoint, HashType, Ks, PartnerId, Provider, UreqTransport,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, FakeClock, TokenSpec};

const SCHEME: &str = "APPTOKEN_TEST_SERVER";

/// The server, as the processes see it that log in.
pub(crate) struct Server {
    process: Child,
    pub(crate) endpoint: Endpoint,
    pub(crate) credential: Credential,
    /// A session that may ask whose a session is.
    pub(crate) admin: Ks,
    /// Of the server, which is its own root; empty without TLS.
    certificate: String,
}

impl Server {
    /// Runs this program once more, as a server for `http` or `https`.
    pub(crate) fn start(scheme: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let mut process = command.env(SCHEME, scheme).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let endpoint = Endpoint::parse(&lines.next().unwrap()).unwrap();
        let id = AppTokenId::parse(lines.next().unwrap()).unwrap();
        let token = AppTokenSecret::parse(lines.next().unwrap()).unwrap();
        let admin = Ks::parse(lines.next().unwrap()).unwrap();
        let certificate = lines.take_while(|line| line != END).flat_map(|line| [line, "\n".to_owned()]).collect();
        let credential = Credential::new(partner(), id, token, HashType::Sha256);
        Self { process, endpoint, credential, admin, certificate }
    }

    pub(crate) fn transport(&self) -> UreqTransport {
        let builder = UreqTransport::builder();
        let builder = iter::once(&self.certificate)
            .filter(|certificate| !certificate.is_empty())
            .fold(builder, |builder, certificate| builder.root_certificates(certificate.as_str()));
        builder.build().unwrap()
    }

    pub(crate) fn provider(&self, transport: UreqTransport) -> Provider {
        Builder::new(self.endpoint.clone()).transport(transport).provider(self.credential.clone()).build()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

const END: &str = "end";

pub(crate) fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

/// Runs the server if this process was started as one.
pub(crate) fn run_if_wanted() -> bool {
    let Ok(scheme) = env::var(SCHEME) else { return false };
    let fake = Fake::builder().clock(FakeClock::running()).build();
    fake.add_account(apptoken_transport_fake::Account::new(partner()));
    // Leaves the user open.
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    let admin = fake.admin_session(partner()).unwrap();
    let emulator = if scheme == "https" { Emulator::start_tls(fake) } else { Emulator::start(fake) }.unwrap();
    println!("{}\n{}\n{}\n{}", emulator.endpoint(), token.id, token.secret.expose(), admin.expose());
    println!("{}{END}", emulator.certificate_pem().unwrap_or_default());
    // Its end is that of the process which started this one.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    true
}
