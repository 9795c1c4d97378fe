//! Whole processes of the command line: time, memory and size.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use apptoken_bench::{Row, median, shown_seconds};
use tempfile::TempDir;

use super::peers::{Peer, Peers};
use super::server::Server;
use super::{Result, timed};

/// The folder of the release programs, which are built first.
pub(crate) struct Programs(PathBuf);

impl Programs {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Builds the programs that are measured: the command line, the emulator, and the bare server of its example `hello`.
pub(crate) fn build() -> Result<Programs> {
    let packages = ["-p", "apptoken-cli", "-p", "apptoken-emulator", "--bins", "--example", "hello"];
    let status = cargo().args(["build", "--release", "--quiet"]).args(packages).status()?;
    let folder = env::current_exe()?.parent().map(Path::to_path_buf);
    match folder {
        Some(folder) if status.success() => Ok(Programs(folder)),
        _ => Err("the programs cannot be built".into()),
    }
}

/// Cargo, as it started this program.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

pub(crate) fn measure(programs: &Programs, peers: &Peers, rounds: usize) -> Result<Vec<Row>> {
    let server = Server::start()?;
    let proxy = server.proxy(Duration::ZERO)?;
    let home = TempDir::new()?;
    let setup = Setup {
        program: programs.path("apptoken"),
        home: home.path().to_path_buf(),
        variables: server.variables(proxy.address()),
    };
    let mut runs = Vec::new();
    for _ in 0..=rounds {
        runs.push(setup.run_all(peers)?);
    }
    let of = |name: &str| -> Vec<f64> {
        // The first round fills caches.
        runs.iter().skip(1).flatten().filter(|(given, _)| *given == name).map(|(_, seconds)| *seconds).collect()
    };
    let shown = |name: &str| if of(name).is_empty() { String::new() } else { shown_seconds(median(&of(name))) };
    let bare = format!("{} (`true`)", shown("true"));
    let row =
        |what: &str, name: &str| Row { what: what.into(), ours: shown(name), limit: bare.clone(), ..Row::default() };
    let memory = |peer: &Option<Peer>| match peer {
        Some(peer) => largest_memory(|| peer.command(&setup.first_login())),
        None => String::new(),
    };
    Ok(vec![
        row("process: `apptoken --version`", "version"),
        row("process: `apptoken login` with a session in the store", "stored"),
        Row {
            shell: shown("shell"),
            node: shown("node"),
            python: shown("python"),
            counts: "2, 1, 1".into(),
            ..row("process: login with two requests, no round trip", "login")
        },
        Row {
            what: "process: largest memory of that login".into(),
            ours: largest_memory(|| setup.forgetful_login()),
            limit: largest_memory(|| Command::new("true")),
            node: memory(&peers.node),
            python: memory(&peers.python),
            ..Row::default()
        },
        Row {
            what: "size of the program `apptoken`".into(),
            ours: format!("{:.2} MB", fs::metadata(&setup.program)?.len() as f64 / 1e6),
            ..Row::default()
        },
    ])
}

/// How processes are started.
struct Setup {
    program: PathBuf,
    home: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Setup {
    /// One run of each process, in turn: its name and seconds.
    fn run_all(&self, peers: &Peers) -> Result<Vec<(&'static str, f64)>> {
        let mut done = vec![
            ("true", seconds_of(Command::new("true"))?),
            ("version", seconds_of(self.command("--version"))?),
            ("login", seconds_of(self.forgetful_login())?),
            ("stored", seconds_of(self.command("login"))?),
        ];
        for (name, peer) in [("shell", &peers.shell), ("node", &peers.node), ("python", &peers.python)] {
            if let Some(peer) = peer {
                done.push((name, seconds_of(peer.command(&self.first_login()))?));
            }
        }
        Ok(done)
    }

    fn command(&self, argument: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(argument).env_clear().env("HOME", &self.home).envs(self.variables.iter().cloned());
        command
    }

    /// A login without a session in the store.
    fn forgetful_login(&self) -> Command {
        // It is there after the first login only.
        let _ = fs::remove_dir_all(self.home.join(".cache"));
        self.command("login")
    }

    fn first_login(&self) -> Vec<(&'static str, String)> {
        [self.variables.clone(), vec![("ONLY_FIRST", "yes".into())]].concat()
    }
}

fn seconds_of(mut command: Command) -> Result<f64> {
    let (status, seconds) = timed(|| command.stdout(Stdio::null()).stderr(Stdio::null()).status());
    match status?.success() {
        true => Ok(seconds),
        false => Err(format!("{command:?} failed").into()),
    }
}

/// The largest memory that is seen in three runs; an empty string where the system does not report it.
///
/// A short process can end before it is seen, so it gets up to 30 runs.
fn largest_memory(mut command: impl FnMut() -> Command) -> String {
    let mut seen = Vec::new();
    for _ in 0..30 {
        let Ok(mut process) = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { break };
        let status = format!("/proc/{}/status", process.id());
        let mut largest = 0.0_f64;
        while let Ok(None) = process.try_wait() {
            largest = largest.max(peak_kilobytes(&status).unwrap_or_default());
        }
        seen.extend(Some(largest).filter(|largest| *largest > 0.0));
        if seen.len() == 3 {
            break;
        }
    }
    let largest = seen.into_iter().fold(0.0, f64::max);
    if largest > 0.0 { format!("{:.1} MB", largest * 1024.0 / 1e6) } else { String::new() }
}

fn peak_kilobytes(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
