//! A home folder and an emulator of its own for each test, and the program as a process.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec};
use expect_test::expect_file;

use apptoken::{HashType, PartnerId, SessionType};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_apptoken");

pub(crate) struct Sandbox {
    pub(crate) home: tempfile::TempDir,
    pub(crate) emulator: Emulator,
    pub(crate) token: Token,
}

/// What a run of the program left behind.
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Sandbox {
    /// An account with one token, whose user is alice.
    pub(crate) fn new() -> Self {
        Self::with_token(TokenSpec::new(HashType::Sha256).user("alice").session_type(SessionType::User))
    }

    pub(crate) fn with_token(spec: TokenSpec) -> Self {
        let fake = Fake::builder().clock(FakeClock::running()).seed(7).build();
        Self::with_server(fake, spec, Emulator::start)
    }

    pub(crate) fn with_server(
        fake: Fake,
        spec: TokenSpec,
        start: impl FnOnce(Fake) -> std::io::Result<Emulator>,
    ) -> Self {
        let partner = PartnerId::new(101).unwrap();
        fake.add_account(Account::new(partner));
        let token = fake.add_token(partner, spec);
        Self { home: tempfile::tempdir().unwrap(), emulator: start(fake).unwrap(), token }
    }

    pub(crate) fn fake(&self) -> &Fake {
        self.emulator.fake()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// The settings as environment variables, with the secret in a file.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KALTURA_SERVICE_URL", self.emulator.url()),
            ("KALTURA_PARTNER_ID", self.token.partner.to_string()),
            ("KALTURA_APP_TOKEN_ID", self.token.id.to_string()),
            ("KALTURA_APP_TOKEN_FILE", self.write("token", self.token.secret.expose())),
            ("KALTURA_APP_TOKEN_HASH_TYPE", self.token.hash_type.as_str().to_owned()),
        ]
    }

    /// A file with the account's admin secret.
    pub(crate) fn admin_secret_file(&self) -> String {
        let secret = self.fake().admin_secret(self.token.partner).unwrap();
        self.write("admin.secret", secret.expose())
    }

    /// The program without any setting.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
        command
    }

    /// The program with the settings of the token.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command.envs(self.settings());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments), "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Outcome {
        Outcome::of(self.command(arguments), stdin)
    }

    /// Runs the program with the account's admin secret.
    pub(crate) fn run_as_admin(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command(arguments);
        command.env("KALTURA_ADMIN_SECRET_FILE", self.admin_secret_file());
        Outcome::of(command, "")
    }

    /// A KS of the token.
    pub(crate) fn login(&self) -> String {
        self.run(&["login"]).success().trim().to_owned()
    }

    /// Compares a run with its snapshot, without what differs between runs. `UPDATE_EXPECT=1` writes it.
    pub(crate) fn snapshot(&self, name: &str, outcome: &Outcome) {
        let mut text = String::new();
        writeln!(text, "exit code {}", outcome.code.unwrap_or(-1)).unwrap();
        for (stream, content) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            if !content.is_empty() {
                write!(text, "--- {stream}\n{content}").unwrap();
            }
        }
        let text = self.normalised(&text);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(format!("{name}.txt"));
        expect_file![path].assert_eq(&text);
    }

    fn normalised(&self, text: &str) -> String {
        let address = self.emulator.address().to_string();
        let text = text.replace(&address, "EMULATOR").replace(&*self.home.path().to_string_lossy(), "HOME");
        let mut shown = String::new();
        for part in text.split_inclusive(|c: char| !is_word(c)) {
            let word = part.trim_end_matches(|c: char| !is_word(c));
            shown += &placeholder(word).map_or_else(|| word.to_owned(), str::to_owned);
            shown += &part[word.len()..];
        }
        let lines = shown.lines().map(|line| normalise_line(line) + "\n");
        lines.collect()
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_+=:".contains(c)
}

/// What differs between runs: sessions, times.
fn placeholder(word: &str) -> Option<&'static str> {
    let word_had_colon = word.starts_with(':');
    let word = word.trim_start_matches(':');
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if word.len() >= 80 {
        return Some("[KS]");
    }
    if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some("[VALUE]");
    }
    if digits(word) && word.len() == 10 {
        return Some(if word_had_colon { ":[UNIX]" } else { "[UNIX]" });
    }
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    match &*shape {
        "9999-99-99T99:99:99Z" => Some("[TIME]"),
        "9999-99-99" => Some("[DATE]"),
        "99:99:99" => Some("[CLOCK]"),
        _ => None,
    }
}

/// Replaces numbers before units of time, which depend on the machine, and the name of the file for a time zone.
fn normalise_line(line: &str) -> String {
    let words: Vec<_> = line.split(' ').collect();
    let shown = words.iter().enumerate().map(|(position, word)| {
        let unit = words.get(position + 1).and_then(|next| next.split(|c: char| !c.is_ascii_alphanumeric()).next());
        if position > 0 && words[position - 1] == "[request" {
            return "N";
        }
        let is_time = unit.is_some_and(|unit| matches!(unit, "ms" | "s" | "min" | "h"));
        if is_time && word.bytes().all(|byte| byte.is_ascii_digit()) { "N" } else { word }
    });
    let line = shown.collect::<Vec<_>>().join(" ");
    // How far a time is away depends on the moment.
    let line = match line.split_once("[CLOCK] UTC, ") {
        Some((before, _)) => format!("{before}[CLOCK] UTC, [DISTANCE]"),
        None => line.replace("in 29 days", "in 30 days"),
    };
    // The clocks are the same, but they are not read at the same moment.
    ["the same as the server's", "N s ahead of the server", "N s behind the server"]
        .iter()
        .fold(line, |line, difference| line.replace(difference, "[DIFFERENCE]"))
}

impl Outcome {
    pub(crate) fn of(mut command: Command, stdin: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
    }

    /// The standard output of a run that must succeed.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// The standard error of a run that must end with this code.
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stderr
    }
}
