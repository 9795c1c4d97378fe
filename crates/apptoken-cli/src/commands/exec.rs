//! `apptoken exec`.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode, ExitStatus};

use apptoken::{Event, Observer, Provider, Session};
use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;

use crate::cli::Context;
use crate::commands::login;
use crate::console::Console;
use crate::failure::{Code, Failure};
use crate::setup::connect;
use crate::setup::secret::SecretKind;
use crate::setup::session::{self, Freshness, SessionArguments, Watcher};
use crate::setup::settings::Key;
use crate::show::file;

/// Runs a program with a session in its environment
#[derive(clap::Args)]
#[command(after_help = "\
The program gets KALTURA_KS, KALTURA_PARTNER_ID and KALTURA_SERVICE_URL, but neither the app token's value nor the admin
secret. Signals reach it, and its exit code is that of apptoken: 126 if it cannot be executed, 127 if it is not found.

Examples:
  apptoken exec --min-ttl 30m -- python sync.py
  apptoken exec --user alice -- sh -c 'curl \"$KALTURA_SERVICE_URL/api_v3/service/session/action/get\" -d ks=\"$KALTURA_KS\"'
  apptoken exec --refresh-file /run/importer/ks -- importer --ks-file /run/importer/ks")]
pub(crate) struct Exec {
    /// Keeps this file filled with the current KS while the program runs (mode 600, replaced as a whole)
    #[arg(long, value_name = "FILE")]
    refresh_file: Option<PathBuf>,
    #[command(flatten)]
    freshness: Freshness,
    #[command(flatten)]
    session: SessionArguments,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let Context { console, settings, .. } = context;
        let options = self.session.options();
        let (_, obtained) = session::obtain(settings, options.clone(), self.freshness, console)?;
        let command = self.command(context, &obtained.session)?;
        match &self.refresh_file {
            // The program takes the place of this process, so signals and exit code are its own.
            None => Err(self.replace_process(command, context)),
            Some(path) => {
                file::write_private(path, obtained.session.ks().expose().as_bytes())?;
                let writer =
                    FileWriter { path: path.clone(), watcher: Watcher::new(settings, console), console: **console };
                let provider = connect::provider(settings, options, writer, console)?;
                self.supervise(command, &provider, context)
            }
        }
    }

    fn command(&self, context: &Context<'_>, session: &Session) -> Result<process::Command, Failure> {
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| Failure::usage("there is no program to run"))?;
        let mut command = process::Command::new(program);
        command.args(arguments);
        // The program has a session. It needs none of the secrets that sessions are started with.
        for kind in SecretKind::ALL {
            command.env_remove(kind.variable());
        }
        // Its URL can have a password.
        command.env_remove(Key::SessionStore.variable());
        command.envs(login::variables(session, &context.settings.endpoint()?));
        Ok(command)
    }

    fn replace_process(&self, mut command: process::Command, context: &Context<'_>) -> Failure {
        context.core_limit.restore();
        let error = command.exec();
        self.not_run(&error)
    }

    /// Runs the program as a child, and renews the session in the file until it ends.
    fn supervise(
        &self,
        mut command: process::Command,
        provider: &Provider,
        context: &Context<'_>,
    ) -> Result<ExitCode, Failure> {
        // Before the child exists, so that no signal for it is lost.
        let mut signals =
            Signals::new([SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH])
                .map_err(|error| Failure::new(Code::Failure, format!("cannot handle signals: {error}")))?;
        // The child inherits the limit at its start; this process has none of its own for that moment.
        context.core_limit.restore();
        let started = command.spawn();
        let _ = crate::core_limit::CoreLimit::set_to_zero();
        let mut child = started.map_err(|error| self.not_run(&error))?;
        let _refresher = provider.refresher();
        let pid = Pid::from_child(&child);
        for signal in signals.forever() {
            if signal == SIGCHLD {
                let ended = child.try_wait();
                let failed =
                    |error: io::Error| Failure::new(Code::Failure, format!("cannot wait for the program: {error}"));
                if let Some(status) = ended.map_err(failed)? {
                    return Ok(ExitCode::from(mirrored(status)));
                }
            } else if !(is_from_terminal(signal) && is_in_foreground())
                && let Some(signal) = Signal::from_named_raw(signal)
            {
                // The child may have ended meanwhile.
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
        Err(Failure::new(Code::Failure, "no signals can be received any more"))
    }

    fn not_run(&self, error: &io::Error) -> Failure {
        const NOT_FOUND: u8 = 127;
        const NOT_EXECUTABLE: u8 = 126;
        let program = self.command.first().map(|program| Path::new(program).display().to_string()).unwrap_or_default();
        let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
        Failure::with_code(code, format!("cannot run {program}: {error}"))
            .cure("check the name, and that it is a program")
    }
}

/// The exit code that a shell shows: of the program, or 128 and the signal that ended it.
fn mirrored(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(Code::Failure as u8)
}

/// Signals that a terminal sends to all processes in its foreground, so to the child too.
fn is_from_terminal(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGQUIT | SIGWINCH | SIGHUP)
}

fn is_in_foreground() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| rustix::termios::tcgetpgrp(terminal) == Ok(rustix::process::getpgrp()))
}

/// Writes each new session into the file.
struct FileWriter {
    path: PathBuf,
    watcher: Watcher,
    console: Console,
}

impl Observer for FileWriter {
    fn observe(&self, event: &Event<'_>) {
        self.watcher.observe(event);
        if let Event::RenewalSucceeded { session, .. } = event
            && let Err(failure) = file::write_private(&self.path, session.ks().expose().as_bytes())
        {
            self.console.warning(failure.what());
        }
    }
}
