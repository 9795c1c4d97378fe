//! The binary in a process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

use crate::client::Client;
use crate::life::PING;

const CONFIG: &str = r#"{"partners":[{"id":7,"adminSecret":"a7","secret":"s7"}]}"#;

/// A running emulator, which is killed if a test fails.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    url: String,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        Self::of(&mut command(arguments))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, stdout, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn client(&self) -> Client {
        Client::over(TcpStream::connect(self.url.split_once("://").unwrap().1).unwrap())
    }

    /// Stops it with a signal, and returns the rest of its output.
    fn end(mut self, signal: &str) -> (ExitStatus, String) {
        kill(&self.child, signal);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apptoken-emulator"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The error of a start that fails.
fn failure(arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_first_line_is_the_url() {
    let process = Process::start(&[]);
    assert!(process.url.starts_with("http://127.0.0.1:"));
    assert_eq!(process.client().get(PING).text(), "true");
}

#[test]
fn it_stops_cleanly_after_sigterm() {
    for signal in ["-TERM", "-INT"] {
        let process = Process::start(&[]);
        let mut idle = process.client();
        idle.get(PING);
        let (status, _) = process.end(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
        assert_eq!(idle.rest().unwrap(), b"");
    }
}

#[test]
fn a_running_request_gets_its_reply_before_the_end() {
    let process = Process::start(&[]);
    let mut client = process.client();
    let delay = r#"{"action":"system.ping","trouble":{"delay":300}}"#;
    assert_eq!(client.post("/__control/faults", delay).status, 200);
    client.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let mut other = process.client();
    while !other.get("/__control/counts").text().contains("\"requests\":1") {}
    let (status, _) = process.end("-TERM");
    assert_eq!(client.reply().unwrap().text(), "true");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn it_prints_the_settings_for_a_login_and_for_administration() {
    let process = Process::start(&["--seed", "7"]);
    let url = process.url.clone();
    let (_, block) = process.end("-TERM");
    let value = |name: &str| {
        let prefix = format!("export {name}=");
        block
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))
            .unwrap_or_else(|| panic!("{name}: {block}"))
            .to_owned()
    };
    assert_eq!(value("KALTURA_SERVICE_URL"), url);
    assert_eq!(value("KALTURA_PARTNER_ID"), "101");
    assert!(value("KALTURA_APP_TOKEN_ID").starts_with("0_"));
    assert_eq!(value("KALTURA_APP_TOKEN").len(), 32);
    assert_eq!(value("KALTURA_APP_TOKEN_HASH_TYPE"), "SHA256");
    assert_eq!(value("KALTURA_ADMIN_SECRET").len(), 32);
}

#[test]
fn the_printed_settings_can_be_saved_as_a_credentials_file() {
    let mut process = Process::start(&[]);
    let mut printed = format!("listening on {}\n", process.url);
    while !printed.contains("# Control interface") {
        process.stdout.read_line(&mut printed).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kaltura.env");
    fs::write(&path, printed).unwrap();
    let config = apptoken::FileSource::new(&path).config().unwrap();
    let session = apptoken::Builder::new(config.endpoint).client(config.credential).login().unwrap();
    assert_eq!(session.user_id(), "demonstration");
}

#[test]
fn the_seed_decides_the_ids() {
    let block = |seed| {
        let process = Process::start(&["--seed", seed]);
        let own_url = process.url.clone();
        process.end("-TERM").1.replace(&own_url, "URL")
    };
    assert_eq!(block("1"), block("1"));
    assert_ne!(block("1"), block("2"));
}

#[test]
fn the_accounts_are_those_of_the_config() {
    let folder = TempDir::new().unwrap();
    let process = Process::start(&["--config", &write(&folder, "accounts.json", CONFIG)]);
    let widget = |id| format!("/api_v3/service/session/action/startWidgetSession?format=1&widgetId=_{id}");
    assert!(process.client().get(&widget(7)).text().contains("\"ks\""));
    assert!(!process.client().get(&widget(101)).text().contains("\"ks\""));
    let lines = process.end("-TERM").1;
    assert!(lines.contains("# There is no active app token"), "{lines}");
    assert!(lines.contains("export KALTURA_PARTNER_ID=7\nexport KALTURA_ADMIN_SECRET=a7\n"), "{lines}");
    assert!(!lines.contains("KALTURA_APP_TOKEN"), "{lines}");
}

/// What a process printed and wrote to its ready file until it listened.
fn started(command: &mut Command, ready_file: &Path) -> (String, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let ready = fs::read_to_string(ready_file).unwrap();
    kill(&child, "-TERM");
    stdout.read_to_string(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!ready_file.exists());
    (line, ready)
}

#[test]
fn settings_for_scripts_are_all_that_is_printed() {
    let folder = TempDir::new().unwrap();
    let ready = folder.path().join("ready");
    let config = r#"{"partners":[{"id":7,"adminSecret":"it's$5","secret":"s7"}],
        "appTokens":[{"partnerId":7,"id":"0_off","status":1},{"partnerId":7,"id":"0_on","token":"value"}]}"#;
    let config = write(&folder, "accounts.json", config);
    let run = |format: &str| {
        let mut command = command(&["--config", &config, "--print", format, "--ready-file", ready.to_str().unwrap()]);
        let (printed, file) = started(&mut command, &ready);
        assert_eq!(printed, file);
        printed
    };
    let lines = run("env");
    let (url, others) = lines.split_once('\n').unwrap();
    assert!(url.starts_with("KALTURA_SERVICE_URL=http://127.0.0.1:"), "{url}");
    assert_eq!(
        others,
        "KALTURA_PARTNER_ID=7\nKALTURA_APP_TOKEN_ID=0_on\nKALTURA_APP_TOKEN=value\n\
         KALTURA_APP_TOKEN_HASH_TYPE=SHA1\nKALTURA_ADMIN_SECRET='it'\\''s$5'\n"
    );
    let object: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!((&object["KALTURA_ADMIN_SECRET"], &object["KALTURA_APP_TOKEN_ID"]), (&"it's$5".into(), &"0_on".into()));
}

#[test]
fn a_ready_file_of_a_killed_emulator_is_removed() {
    let folder = TempDir::new().unwrap();
    let stale = write(&folder, "ready", "KALTURA_SERVICE_URL=http://127.0.0.1:1\n");
    failure(&["--config", "no/such.json", "--ready-file", &stale]);
    assert!(!Path::new(&stale).exists());
}

#[test]
fn options_are_read_from_the_environment() {
    let folder = TempDir::new().unwrap();
    let two = r#"{"appTokens": [{"partnerId": 7, "id": "0_seven"}]}"#;
    let files = [write(&folder, "one.json", CONFIG), write(&folder, "two.json", two)];
    let ready = folder.path().join("ready");
    let mut command = command(&[]);
    command
        .env("APPTOKEN_EMULATOR_LISTEN", "0.0.0.0:0")
        .env("APPTOKEN_EMULATOR_LET_OTHER_MACHINES_IN", "yes")
        .env("APPTOKEN_EMULATOR_CONFIG", files.join(","))
        .env("APPTOKEN_EMULATOR_PRINT", "json")
        .env("APPTOKEN_EMULATOR_READY_FILE", &ready)
        .env("APPTOKEN_EMULATOR_RESPONSE_CACHE", "false");
    let (printed, _) = started(&mut command, &ready);
    assert!(printed.contains("\"KALTURA_APP_TOKEN_ID\":\"0_seven\""), "{printed}");
}

#[test]
fn several_configs_are_merged() {
    let folder = TempDir::new().unwrap();
    let one = write(&folder, "one.json", CONFIG);
    let two = r#"{"about": "as in a suite", "partners": [{"id": 8, "adminSecret": "a", "secret": "b", "features": ["X"]}],
        "conversionProfile": {"name": "Default", "flavorParamsIds": "0,2"}, "storage": true,
        "accessControl": {"name": "Default", "restrictions": []},
        "answers": [{"action": "system.ping", "value": "pong"}]}"#;
    let two = write(&folder, "two.json", two);
    let process = Process::start(&["--config", &one, "--config", &two]);
    for id in [7, 8] {
        let widget = format!("/api_v3/service/session/action/startWidgetSession?format=1&widgetId=_{id}");
        assert!(process.client().get(&widget).text().contains("\"ks\""), "{id}");
    }
    assert_eq!(process.client().get(PING).text(), "\"pong\"");
}

#[test]
fn the_clock_runs() {
    let process = Process::start(&[]);
    let time = process.client().get("/api_v3/service/system/action/getTime?format=1").text().parse::<u64>().unwrap();
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(time.abs_diff(real) < 60);
}

#[test]
fn the_response_cache_is_off_by_default() {
    let start = "/api_v3/service/session/action/startWidgetSession?format=1&widgetId=_101";
    for (arguments, repeats) in [(&[][..], false), (&["--response-cache"][..], true)] {
        let process = Process::start(arguments);
        let mut client = process.client();
        assert_eq!(client.get(start).body == client.get(start).body, repeats, "{arguments:?}");
    }
}

#[test]
fn the_state_survives_a_kill() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let arguments = ["--state", file.to_str().unwrap(), "--seed", "1"];
    let process = Process::start(&arguments);
    let (_, first) = process.end("-TERM");
    let process = Process::start(&["--state", file.to_str().unwrap(), "--seed", "2"]);
    let id = |block: &str| block.lines().find(|line| line.contains("TOKEN_ID")).unwrap().to_owned();
    let before = fs::read_to_string(&file).unwrap();
    process.client().get(PING);
    while fs::read_to_string(&file).unwrap() == before {
        std::thread::yield_now();
    }
    let (status, second) = process.end("-KILL");
    assert_eq!(status.code(), None);
    assert_eq!(id(&first), id(&second));
    assert_eq!(id(&Process::start(&arguments).end("-TERM").1), id(&first));
}

/// A file size limit instead of a full disk: the write also fails in the middle.
#[test]
fn a_full_disk_is_reported_when_it_happens() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let limited = r#"trap '' XFSZ; ulimit -f "$1"; shift; exec "$@""#;
    let program = env!("CARGO_BIN_EXE_apptoken-emulator");
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh", "1000", program, "--state", file.to_str().unwrap()]);
    let mut process = Process::of(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let state = process.client().get("/__control/state").text().to_owned();
    let large = state.replace("\"features\":[]", &format!("\"features\":[\"{}\"]", "x".repeat(2 << 20)));
    assert_eq!(process.client().call("PUT", "/__control/state", &large).status, 204);
    let mut line = String::new();
    BufReader::new(process.child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("state.json cannot be written") && line.contains("File too large"), "{line}");
    assert_eq!(process.client().get(PING).text(), "true");
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.ends_with('}') && kept.len() < 1 << 20, "{} bytes", kept.len());
    assert!(!folder.path().join("state.json.new").exists());
    assert_eq!(process.client().call("PUT", "/__control/state", &state).status, 204);
    assert_eq!(process.end("-TERM").0.code(), Some(0));
}

#[test]
fn secrets_are_random_with_let_other_machines_in() {
    let block = |more: &[&str]| {
        let process = Process::start(&[&["--listen", "0.0.0.0:0", "--let-other-machines-in"], more].concat());
        let (_, block) = process.end("-TERM");
        block.lines().find(|line| line.contains("KALTURA_APP_TOKEN=")).unwrap().to_owned()
    };
    assert_ne!(block(&[]), block(&[]));
    assert_eq!(block(&["--seed", "1"]), block(&["--seed", "1"]));
    let here =
        || Process::start(&[]).end("-TERM").1.lines().find(|line| line.contains("APP_TOKEN=")).map(str::to_owned);
    assert_eq!(here(), here());
}

#[test]
fn tls_writes_the_certificate_to_trust() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.pem");
    let process = Process::start(&["--tls", path.to_str().unwrap()]);
    assert!(process.url.starts_with("https://127.0.0.1:"));
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(process.end("-TERM").1.contains(&format!("export SSL_CERT_FILE={}\n", path.display())));
}

#[test]
fn invalid_arguments_are_reported() {
    let folder = TempDir::new().unwrap();
    let missing = Path::new("no").join("such.json");
    let broken = write(&folder, "broken.json", r#"{"partners":[{"id":0,"adminSecret":"canary","secret":"canary"}]}"#);
    let sound = write(&folder, "sound.json", CONFIG);
    let again = write(&folder, "again.json", CONFIG);
    let misspelled = write(&folder, "misspelled.json", r#"{"answers":[{"action":"user.gte","value":"canary"}]}"#);
    for (arguments, expected) in [
        (&["--config", missing.to_str().unwrap()][..], "configuration no/such.json: "),
        (&["--config", &broken][..], "partners[0].id: expected a number from 1"),
        (
            &["--config", &sound, "--config", &again][..],
            "again.json: partners[0].id: expected a number that no other account has; ",
        ),
        (&["--config", &sound, "--config", &again][..], "sound.json has it too"),
        (
            &["--config", &misspelled][..],
            "misspelled.json: answers[0].action: expected an action of the API; the nearest name is user.get",
        ),
        (&["--state", &broken][..], "broken.json cannot be used"),
        (&["--state", "no/such/state.json"][..], "no/such/state.json cannot be written"),
        (&["--listen", "0.0.0.0:0"][..], "--let-other-machines-in"),
        (&["--listen", "localhost"][..], "invalid socket address"),
        (&["--tls", "no/such/ca.pem"][..], "certificate file no/such/ca.pem: "),
        (&["--tls", &missing.display().to_string(), "--tls-name", "ä"][..], "the certificate cannot have the name ä"),
        (&["--ready-file", "no/such/ready"][..], "ready file no/such/ready: "),
        (&["--control-token", "two words"][..], "visible ASCII characters (--control-token"),
    ] {
        let error = failure(arguments);
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert!(!error.contains("canary"), "{arguments:?}: {error}");
    }
}
