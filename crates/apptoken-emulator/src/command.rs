//! The command line of the emulator, for its own binary and for programs that offer it as a subcommand.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use apptoken_core::{HashType, PartnerId, SessionType};
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec, TokenStatus};

use crate::{Emulator, Options};

/// The account that is there without a config.
const DEMONSTRATION_ACCOUNT: u32 = 101;

/// Serves a local Kaltura for tests: sessions and application tokens.
///
/// Without a config it has one account with one application token, and prints what to set to log in to it.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Where to listen; port 0 is a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Consents to an address that other machines can reach: whoever reaches it can try to open sessions
    #[arg(long = "let-other-machines-in")]
    allow_other_machines: bool,
    /// Accounts and roles (JSON)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keeps the state in this file, which is made if there is none; what it holds stands above the config
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Stores answers to requests without a session and repeats them, as Kaltura does
    #[arg(long)]
    response_cache: bool,
    /// Serves HTTPS, and writes the certificate that clients must trust (PEM) to this file
    #[arg(long, value_name = "CERTIFICATE_FILE")]
    tls: Option<PathBuf>,
    /// Makes ids, token values and sessions from this number: equal calls get equal answers in every run. Without it the
    /// number is 0 on an address of this machine; where other machines reach it, secrets come from the operating system
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// A further name that the control interface answers to, besides localhost and the addresses of this machine
    #[arg(long, value_name = "NAME")]
    control_host: Vec<String>,
}

impl Arguments {
    /// Serves until the process is told to end (SIGTERM or Ctrl-C).
    ///
    /// The first line on standard output is `listening on URL`.
    ///
    /// # Errors
    ///
    /// [`CommandError`] when it cannot start, or when the state could not be saved at the end.
    pub fn run(self) -> Result<(), CommandError> {
        let (end, ended) = mpsc::channel();
        // Before the first line tells anybody that there is a process to end.
        ctrlc::set_handler(move || {
            // A second signal finds the process ending.
            let _ = end.send(());
        })
        .map_err(|why| CommandError(format!("the signals that end the process cannot be caught: {why}")))?;
        // As many connections as the system allows; with fewer, further clients wait.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let emulator = self.start()?;
        // In one piece: whoever reads only the first line may be gone before the rest.
        io::stdout().write_all(self.greeting(&emulator).as_bytes())?;
        // The handler, which holds the other end, is never dropped.
        let _ = ended.recv();
        Ok(emulator.stop()?)
    }

    fn start(&self) -> Result<Emulator, CommandError> {
        let options = Options::new().listen(self.listen);
        let options = if self.allow_other_machines { options.allow_other_machines() } else { options };
        let options = if self.tls.is_some() { options.tls() } else { options };
        let options = if let Some(path) = &self.state { options.state_file(path) } else { options };
        let options = self.control_host.iter().fold(options, Options::control_host);
        let options = options.on_save_failure(|why| {
            // Without standard error there is nobody to tell.
            let _ = writeln!(
                io::stderr(),
                "apptoken-emulator: {why}; until it can, changes are lost when the process ends"
            );
        });
        let emulator = options.start(self.fake()?)?;
        if let (Some(path), Some(certificate)) = (&self.tls, emulator.certificate_pem()) {
            fs::write(path, certificate).map_err(|why| CommandError::of_file("certificate file", path, why))?;
        }
        Ok(emulator)
    }

    fn fake(&self) -> Result<Fake, CommandError> {
        let builder = Fake::builder().clock(FakeClock::running()).response_cache(self.response_cache);
        let seed = self.seed.or(self.listen.ip().is_loopback().then_some(0));
        let builder = if let Some(seed) = seed { builder.seed(seed) } else { builder };
        match &self.config {
            None => demonstration(builder.build()),
            Some(path) => {
                let config = fs::read_to_string(path).map_err(|why| CommandError::of_file("config", path, why))?;
                builder.build_from_config(&config).map_err(|why| CommandError::of_file("config", path, why))
            }
        }
    }

    /// The first line, and without a config what to set to log in.
    fn greeting(&self, emulator: &Emulator) -> String {
        let url = emulator.url();
        let mut lines = vec![format!("listening on {url}")];
        let token = if self.config.is_none() { some_token(emulator.fake()) } else { None };
        if let Some(token) = token {
            lines.extend([
                String::new(),
                "# To log in, set:".to_owned(),
                format!("export KALTURA_SERVICE_URL={url}"),
                format!("export KALTURA_PARTNER_ID={}", token.partner),
                format!("export KALTURA_APP_TOKEN_ID={}", token.id),
                format!("export KALTURA_APP_TOKEN={}", token.secret.expose()),
                format!("export KALTURA_APP_TOKEN_HASH_TYPE={}", token.hash_type.as_str()),
            ]);
            lines.extend(self.tls.as_ref().map(|path| format!("export SSL_CERT_FILE='{}'", path.display())));
            lines.extend([String::new(), format!("# To steer it: curl {url}/__control")]);
        }
        lines.join("\n") + "\n"
    }
}

fn demonstration(fake: Fake) -> Result<Fake, CommandError> {
    let partner = PartnerId::new(DEMONSTRATION_ACCOUNT).map_err(|why| CommandError(why.to_string()))?;
    fake.add_account(Account::new(partner));
    let _ =
        fake.add_token(partner, TokenSpec::new(HashType::Sha256).user("demonstration").session_type(SessionType::User));
    Ok(fake)
}

/// A token that can be used; where the state came from a file, it may be another than the one made at the start.
fn some_token(fake: &Fake) -> Option<Token> {
    let partners = fake.accounts().into_iter().filter_map(|account| PartnerId::new(account.id()).ok());
    let mut tokens = partners.flat_map(|partner| fake.tokens(partner));
    tokens.find(|token| token.status == TokenStatus::Active)
}

/// Why the emulator did not run as it was told to.
#[derive(Debug)]
pub struct CommandError(String);

impl CommandError {
    fn of_file(what: &str, path: &Path, why: impl fmt::Display) -> Self {
        Self(format!("the {what} {}: {why}", path.display()))
    }
}

impl From<io::Error> for CommandError {
    fn from(why: io::Error) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CommandError {}
