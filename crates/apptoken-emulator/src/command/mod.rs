//! The command line of the emulator, for its binary and for programs that offer it as a subcommand.

mod settings;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use apptoken_core::value::Printable;
use apptoken_core::{HashType, PartnerId, SessionType};
use apptoken_transport_fake::{Account, Fake, FakeClock, TokenSpec};
use clap::builder::BoolishValueParser;

use self::settings::{Format, Settings};
use crate::{Emulator, Options, owner_file};

/// The account without a configuration.
const DEMONSTRATION_ACCOUNT: u32 = 101;

/// Serves a local Kaltura for tests of sessions and app tokens.
///
/// It prints the settings for a login and for the administration of app tokens. Without a configuration it has one
/// account with one app token. Each option can also be set by its environment variable.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The address to listen on; port 0 selects a free port
    #[arg(long, env = "APPTOKEN_EMULATOR_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Allows an address that other machines can reach; they can then try to start sessions
    #[arg(
        long = "let-other-machines-in",
        env = "APPTOKEN_EMULATOR_LET_OTHER_MACHINES_IN",
        value_parser = BoolishValueParser::new()
    )]
    allow_other_machines: bool,
    /// The accounts, app tokens, roles and answers, as JSON; repeat it, or separate files with commas, to merge several
    #[arg(long, env = "APPTOKEN_EMULATOR_CONFIG", value_name = "FILE", value_delimiter = ',')]
    config: Vec<PathBuf>,
    /// Keeps the state in this file, and creates it if it does not exist; an existing state takes precedence over
    /// --config
    #[arg(long, env = "APPTOKEN_EMULATOR_STATE", value_name = "FILE")]
    state: Option<PathBuf>,
    /// Caches replies to requests without a session, as Kaltura does
    #[arg(long, env = "APPTOKEN_EMULATOR_RESPONSE_CACHE", value_parser = BoolishValueParser::new())]
    response_cache: bool,
    /// Serves HTTPS, and writes the certificate that clients must trust to this file (PEM)
    #[arg(long, env = "APPTOKEN_EMULATOR_TLS", value_name = "CERTIFICATE_FILE")]
    tls: Option<PathBuf>,
    /// A host name or address of the certificate, in addition to localhost, 127.0.0.1 and ::1
    #[arg(long, env = "APPTOKEN_EMULATOR_TLS_NAME", value_name = "NAME", value_delimiter = ',')]
    tls_name: Vec<String>,
    /// The seed of ids, token values and sessions: the same calls get the same replies in every run. The default is 0
    /// on a loopback address; if other machines can reach the address, secrets are random by default
    #[arg(long, env = "APPTOKEN_EMULATOR_SEED", value_name = "NUMBER")]
    seed: Option<u64>,
    /// A host name that the control interface accepts, in addition to localhost and loopback addresses
    #[arg(long, env = "APPTOKEN_EMULATOR_CONTROL_HOST", value_name = "NAME", value_delimiter = ',')]
    control_host: Vec<String>,
    /// Allows the control interface from any machine, for requests with `Authorization: Bearer TOKEN`
    #[arg(long, env = "APPTOKEN_EMULATOR_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    control_token: Option<String>,
    /// Serves the console, a page for people, also with --let-other-machines-in; without that it is always served
    #[arg(long, env = "APPTOKEN_EMULATOR_CONSOLE", value_parser = BoolishValueParser::new())]
    console: bool,
    /// Prints only the settings, in this form
    #[arg(long, env = "APPTOKEN_EMULATOR_PRINT", value_name = "FORMAT")]
    print: Option<Format>,
    /// Writes the settings to this file when it listens, in the form of --print (env by default), and removes the file when
    /// it stops
    #[arg(long, env = "APPTOKEN_EMULATOR_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Arguments {
    /// Serves until the process is interrupted with SIGTERM or Ctrl-C.
    ///
    /// The first line on standard output is `listening on URL`, unless the settings are printed for a script.
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
        self.remove_ready_file()?;
        let emulator = self.start()?;
        let settings = Settings::of(&emulator, self.tls.as_deref());
        if let Some(path) = &self.ready_file {
            let text = settings.in_format(self.print.unwrap_or(Format::Env));
            owner_file::replace(path, text.as_bytes()).map_err(|why| CommandError::of_file("ready file", path, why))?;
        }
        let printed = match self.print {
            Some(format) => settings.in_format(format),
            None => settings.explained(&emulator),
        };
        // Write everything at once: a reader of only the first line may close the pipe before a second write.
        io::stdout().write_all(printed.as_bytes())?;
        // The signal handler holds the sender and is never dropped.
        let _ = ended.recv();
        let removed = self.remove_ready_file();
        emulator.stop()?;
        removed
    }

    /// Removes the file of an emulator that ran before or ends now, so that no script uses its settings.
    fn remove_ready_file(&self) -> Result<(), CommandError> {
        let Some(path) = &self.ready_file else { return Ok(()) };
        owner_file::remove(path).map_err(|why| CommandError::of_file("ready file", path, why))
    }

    fn start(&self) -> Result<Emulator, CommandError> {
        let options = Options::new().listen(self.listen);
        let options = if self.allow_other_machines { options.allow_other_machines() } else { options };
        let options = if self.tls.is_some() { options.tls() } else { options };
        let options = if let Some(path) = &self.state { options.state_file(path) } else { options };
        let options = self.tls_name.iter().fold(options, Options::certificate_name);
        let options = self.control_host.iter().fold(options, Options::control_host);
        let options = if let Some(token) = &self.control_token { options.control_token(token) } else { options };
        let options = if self.console { options.console() } else { options };
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
}

fn demonstration(fake: Fake) -> Result<Fake, CommandError> {
    let partner = PartnerId::new(DEMONSTRATION_ACCOUNT).map_err(|why| CommandError(why.to_string()))?;
    fake.add_account(Account::new(partner));
    let _ =
        fake.add_token(partner, TokenSpec::new(HashType::Sha256).user("demonstration").session_type(SessionType::User));
    Ok(fake)
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

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::Arguments;

    #[test]
    fn every_option_has_an_environment_variable() {
        let guide = include_str!("../../docs/guide.md");
        let command = Arguments::augment_args(Command::new("apptoken-emulator"));
        for option in command.get_arguments() {
            let name = option.get_long().unwrap();
            let variable = format!("APPTOKEN_EMULATOR_{}", name.replace('-', "_").to_uppercase());
            assert_eq!(option.get_env(), Some(variable.as_ref()), "{name}");
            assert!(guide.contains(&format!("`--{name}`")), "the guide lacks --{name}");
        }
    }
}
