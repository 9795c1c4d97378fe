//! Requests per second of the emulator, beside a bare server of the same HTTP crate.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use apptoken::{Client, Credential, Endpoint, HashType, PartnerId};
use apptoken_bench::{Row, median, shown_seconds};
use apptoken_transport_fake::{Fake, FakeClock, TokenSpec, WireRequest};
use tempfile::TempDir;

use super::processes::Programs;
use super::server::{add_token, credential};
use super::{Result, seconds_each};

/// How long a server is loaded at a time. It is short, because the speed of a shared machine changes within seconds: the bare
/// server and the emulator then run at the same speed.
const SECONDS: &str = "1s";

pub(crate) fn measure(programs: &Programs, rounds: usize) -> Result<Vec<Row>> {
    // A turn is short, so a round has several.
    let mut rows = throughput(programs, 4 * rounds.min(5))?;
    rows.push(growth()?);
    Ok(rows)
}

/// The load comes from wrk, with one thread and 32 connections; without it the rows say so.
fn throughput(programs: &Programs, rounds: usize) -> Result<Vec<Row>> {
    let row = |what: &str| Row { what: format!("emulator: {what}, requests per second"), ..Row::default() };
    let (widget_row, session_row) = (row("`session.startWidgetSession`"), row("`appToken.startSession`"));
    if Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return Ok([widget_row, session_row].map(|row| Row { ours: "wrk is not installed".into(), ..row }).into());
    }
    let bare = RunningServer::start(&programs.path("examples/hello"))?;
    let emulator = RunningServer::start(&programs.path("apptoken-emulator"))?;
    let scripts = TempDir::new()?;
    let (hello, widget, session) =
        (scripts.path().join("hello"), scripts.path().join("widget"), scripts.path().join("session"));
    let [widget_body, session_body] = emulator.bodies()?;
    fs::write(&hello, "")?;
    fs::write(&widget, posting(&widget_body))?;
    fs::write(&session, posting(&session_body))?;
    let of = |action: &str| format!("{}/api_v3/service/{action}?format=1", emulator.url);
    let (widget_url, session_url) = (of("session/action/startWidgetSession"), of("appToken/action/startSession"));
    let (mut bare_rate, mut widget_rate, mut session_rate) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare_rate.push(requests_per_second(&bare.url, &hello)?);
        widget_rate.push(requests_per_second(&widget_url, &widget)?);
        session_rate.push(requests_per_second(&session_url, &session)?);
    }
    let beside = |row: Row, rates: &[f64]| {
        let shares: Vec<f64> = rates.iter().zip(&bare_rate).map(|(rate, bare)| 100.0 * rate / bare).collect();
        Row {
            ours: format!("{:.0} ({:.0} %)", median(rates), median(&shares)),
            limit: format!("{:.0} (bare hyper server)", median(&bare_rate)),
            ..row
        }
    };
    Ok(vec![beside(widget_row, &widget_rate), beside(session_row, &session_rate)])
}

/// A server in a process of its own, which prints its URL.
struct RunningServer {
    process: Child,
    url: String,
    /// The lines `export NAME=value` of the emulator.
    settings: Vec<(String, String)>,
}

impl RunningServer {
    fn start(program: &Path) -> Result<Self> {
        let mut process = Command::new(program).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let (mut url, mut settings) = (None, Vec::new());
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(given) = line.strip_prefix("listening on ") {
                url = Some(given.to_owned());
            } else if let Some((name, value)) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')) {
                settings.push((name.to_owned(), value.trim_matches('\'').to_owned()));
            }
            // The bare server prints nothing else, the emulator its control interface at last.
            if program.ends_with("hello") || line.starts_with("# Control") {
                break;
            }
        }
        Ok(Self { process, url: url.ok_or("the server did not print its URL")?, settings })
    }

    fn setting(&self, name: &str) -> Result<&str> {
        let found = self.settings.iter().find(|(given, _)| given == name);
        Ok(found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("the emulator did not print {name}"))?)
    }

    /// The bodies of both requests of a login.
    fn bodies(&self) -> Result<[String; 2]> {
        let partner = PartnerId::parse(self.setting("KALTURA_PARTNER_ID")?)?;
        let hash_type: HashType = self.setting("KALTURA_APP_TOKEN_HASH_TYPE")?.parse()?;
        let (id, token) = (self.setting("KALTURA_APP_TOKEN_ID")?, self.setting("KALTURA_APP_TOKEN")?);
        let token = apptoken::AppTokenSecret::parse(token)?;
        let credential = Credential::new(partner, apptoken::AppTokenId::parse(id)?, token.clone(), hash_type);
        let client: Client = apptoken::Builder::new(Endpoint::parse(&self.url)?).client(credential);
        let session = client.login()?;
        let widget = &session.widget().ok_or("the login got no widget session")?.ks;
        let hash = hash_type.token_hash(widget, &token);
        Ok([
            serde_json::json!({"widgetId": format!("_{partner}"), "format": 1}).to_string(),
            serde_json::json!({"ks": widget.expose(), "id": id, "tokenHash": hash.expose(), "format": 1}).to_string(),
        ])
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // This fails only if it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn posting(body: &str) -> String {
    format!("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [=[{body}]=]\n")
}

fn requests_per_second(url: &str, script: &Path) -> Result<f64> {
    let output = Command::new("wrk").args(["-t1", "-c32", "-d", SECONDS, "-s"]).arg(script).arg(url).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if printed.contains("Non-2xx") {
        return Err(format!("the server refused requests to {url}").into());
    }
    let rate = printed.lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
    rate.ok_or_else(|| format!("wrk printed no rate: {printed}").into())
}

/// The time of `appToken.startSession` in the fake alone: with one token, with 100,000 tokens, and after a million sessions.
fn growth() -> Result<Row> {
    const TOKENS: usize = 100_000;
    const SESSIONS: u32 = 1_000_000;
    let fake = Fake::builder().clock(FakeClock::running()).build();
    let partner = PartnerId::new(101)?;
    let token = add_token(&fake, partner);
    let endpoint = Endpoint::parse("https://www.kaltura.com")?;
    let client = apptoken::Builder::with_transport(endpoint, fake.clone()).client(credential(partner, &token));
    let session = client.login()?;
    let widget = &session.widget().ok_or("the login got no widget session")?.ks;
    let hash = HashType::Sha256.token_hash(widget, &token.secret);
    let body = serde_json::json!({"ks": widget.expose(), "id": token.id, "tokenHash": hash.expose(), "format": 1});
    let request = WireRequest {
        method: "POST".into(),
        target: "/api_v3/service/appToken/action/startSession".into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    };
    let start = || drop(fake.handle(&request));
    let first = seconds_each(20_000, start);
    for _ in 1..TOKENS {
        let _ = fake.add_token(partner, TokenSpec::new(HashType::Sha256));
    }
    let with_tokens = seconds_each(20_000, start);
    let sessions = seconds_each(SESSIONS, start);
    let last = seconds_each(20_000, start);
    Ok(Row {
        what: "the fake alone: one `appToken.startSession` with 100,000 tokens and after 1,000,000 sessions".into(),
        ours: format!(
            "{}, {} (mean of the million: {})",
            shown_seconds(with_tokens),
            shown_seconds(last),
            shown_seconds(sessions)
        ),
        limit: format!("{} (with one token)", shown_seconds(first)),
        ..Row::default()
    })
}
