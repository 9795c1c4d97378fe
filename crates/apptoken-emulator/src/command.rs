//! The command line of the emulator, for its binary and for programs that offer it as a subcommand.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use apptoken_core::value::Printable;
use apptoken_core::{HashType, PartnerId, SessionType};
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec, TokenStatus};

use crate::{Emulator, Options};

/// The account without a configuration.
const DEMONSTRATION_ACCOUNT: u32 = 101;

/// Serves a local Kaltura for tests of sessions and app tokens.
///
/// Without a configuration it has one account with one app token, and prints the settings for a login.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Allows an address that other machines can reach; they can then try to start sessions
    #[arg(long = "let-other-machines-in")]
    allow_other_machines: bool,
    /// The accounts, roles and answers, as JSON; repeat it to merge several files
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Keeps the state in this file, and creates it if it does not exist; an existing state takes precedence over
    /// --config
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Caches replies to requests without a session, as Kaltura does
    #[arg(long)]
    response_cache: bool,
    /// Serves HTTPS, and writes the certificate that clients must trust to this file (PEM)
    #[arg(long, value_name = "CERTIFICATE_FILE")]
    tls: Option<PathBuf>,
    /// The seed of ids, token values and sessions: the same calls get the same replies in every run. The default is 0
    /// on a loopback address; if other machines can reach the address, secrets are random by default
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// A host name that the control interface accepts, in addition to localhost and loopback addresses
    #[arg(long, value_name = "NAME")]
    control_host: Vec<String>,
}

impl Arguments {
    /// Serves until the process is interrupted with SIGTERM or Ctrl-C.
    ///
    /// The first line on standard output is `listening on URL`.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if it cannot start, or if it cannot save the state at the end.
    pub fn run(self) -> Result<(), CommandError> {
        let (end, ended) = mpsc::channel();
        // Install the handler before the first line is printed: a script may send a signal as soon as it has read it.
        ctrlc::set_handler(move || {
            // The receiver is gone if this is a second signal.
            let _ = end.send(());
        })
        .map_err(|why| CommandError(format!("cannot install a signal handler: {why}")))?;
        // Each connection needs a file descriptor. If the limit cannot be raised, further clients wait.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let emulator = self.start()?;
        // Write everything at once: a reader of only the first line may close the pipe before a second write.
        io::stdout().write_all(self.greeting(&emulator).as_bytes())?;
        // The signal handler holds the sender and is never dropped.
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
            // If standard error is closed, there is no other place to report the failure.
            let _ = writeln!(
                io::stderr(),
                "apptoken-emulator: {why}; if the process ends before the state can be saved, changes are lost"
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
        if self.config.is_empty() {
            return demonstration(builder.build());
        }
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path).map_err(|why| CommandError::of_file("configuration", path, why))?;
            Ok((path.display().to_string(), text))
        };
        let files = self.config.iter().map(read).collect::<Result<Vec<_>, CommandError>>()?;
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        builder.build_from_files(&files).map_err(|why| CommandError(format!("configuration {why}")))
    }

    /// The first line, and without a configuration the settings for a login.
    fn greeting(&self, emulator: &Emulator) -> String {
        let url = emulator.url();
        let mut lines = vec![format!("listening on {url}")];
        let token = if self.config.is_empty() { some_token(emulator.fake()) } else { None };
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
            lines.extend([String::new(), format!("# Control interface: curl {url}/__control")]);
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

/// An active token. With a state file, it can be another one than `demonstration` created.
fn some_token(fake: &Fake) -> Option<Token> {
    let partners = fake.accounts().into_iter().filter_map(|account| PartnerId::new(account.id()).ok());
    let mut tokens = partners.flat_map(|partner| fake.tokens(partner));
    tokens.find(|token| token.status == TokenStatus::Active)
}

/// Why the emulator could not run with the given arguments.
#[derive(Debug)]
pub struct CommandError(String);

impl CommandError {
    fn of_file(what: &str, path: &Path, why: impl fmt::Display) -> Self {
        Self(format!("{what} {}: {why}", path.display()))
    }
}

impl From<io::Error> for CommandError {
    fn from(why: io::Error) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.0))
    }
}

impl std::error::Error for CommandError {}
