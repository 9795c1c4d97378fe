//! Each example runs: without arguments against the fake server, and `login` against a server over HTTP.

use std::path::PathBuf;
use std::process::{Command, Output};

use apptoken::{Endpoint, HashType, HttpRequest, PartnerId};
use apptoken_emulator::Emulator;
use apptoken_transport_conformance::AsyncTransport;
use apptoken_transport_fake::{Fake, Token, TokenSpec};

#[allow(dead_code)]
#[path = "../async_session.rs"]
mod async_session;

#[allow(dead_code)]
#[path = "../custom_transport.rs"]
mod custom_transport;

#[test]
fn the_custom_transport_conforms() {
    apptoken_transport_conformance::check_essential(|_| custom_transport::Attohttpc).assert_passed();
}

#[test]
fn the_async_transport_conforms() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let transport = |_: &Endpoint| {
        let client = async_session::client().unwrap();
        AsyncTransport::new(
            async move |request: &HttpRequest| async_session::send(&client, request).await,
            |future| runtime.block_on(future),
        )
    };
    apptoken_transport_conformance::check(transport).assert_passed();
}

fn example(name: &str) -> Command {
    // Cargo builds the examples into the same directory as the tests of their package.
    let mut path = PathBuf::from(std::env::current_exe().unwrap().parent().unwrap().parent().unwrap());
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Command::new(path)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn each_example_runs_without_arguments_and_prints_its_result() {
    for (name, said) in [
        ("custom_transport", "logged in as alice"),
        ("async_session", "sessions after the eleventh call: 3\nwidget sessions: 1"),
        ("property_test", "256 logins"),
        ("provision", "second run returned the same token: true"),
        ("rotate", "the old token existed until now: true"),
        ("audit", "uses MD5"),
        ("worker", "calls succeeded"),
        ("fleet", "logins: 5"),
        ("other_action", "the server's clock: "),
        ("upload", "has the status 2\npieces sent: 4"),
    ] {
        let output = example(name).output().unwrap();
        assert!(output.status.success() && text(&output).contains(said), "{name}: {}", text(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_service_stops_at_sigterm_although_its_server_hangs() {
    use std::io::{BufRead as _, BufReader, Read as _};

    let mut service = example("stop").stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(service.stdout.take().unwrap());
    let mut text = String::new();
    output.read_line(&mut text).unwrap();
    let signal = Command::new("kill").arg(service.id().to_string()).status().unwrap();
    assert!(signal.success());
    output.read_to_string(&mut text).unwrap();
    assert!(service.wait().unwrap().success());
    // Not the timeout of a request.
    assert!(text.contains("the transport was stopped") || text.contains("`stop` was called"), "{text}");
}

fn login(emulator: &Emulator, token: &Token) -> Command {
    with_settings("login", emulator, token)
}

fn with_settings(name: &str, emulator: &Emulator, token: &Token) -> Command {
    let mut example = example(name);
    example
        .env("KALTURA_SERVICE_URL", emulator.url())
        .env("KALTURA_PARTNER_ID", token.partner.to_string())
        .env("KALTURA_APP_TOKEN_ID", token.id.as_str())
        .env("KALTURA_APP_TOKEN", token.secret.expose())
        .env("KALTURA_APP_TOKEN_HASH_TYPE", token.hash_type.as_str());
    example
}

fn new_token(emulator: &Emulator) -> Token {
    emulator.fake().add_token(PartnerId::new(101).unwrap(), TokenSpec::new(HashType::Sha256).user("alice"))
}

#[test]
fn login_works_and_prints_the_session_string_only_on_demand() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let token = new_token(&emulator);
    let quiet = text(&login(&emulator, &token).output().unwrap());
    assert!(quiet.contains("user        alice") && quiet.contains("fingerprint"), "{quiet}");
    assert!(!quiet.contains("djJ8"), "{quiet}");
    let revealed = text(&login(&emulator, &token).arg("--reveal").output().unwrap());
    assert!(revealed.contains("ks          djJ8"), "{revealed}");
    let with_path =
        login(&emulator, &token).env("KALTURA_SERVICE_URL", format!("{}/api_v3/", emulator.url())).output().unwrap();
    assert!(with_path.status.success(), "{}", text(&with_path));
}

#[test]
fn login_works_over_tls_with_a_trusted_certificate() {
    let emulator = Emulator::start_tls(Fake::new()).unwrap();
    let token = new_token(&emulator);
    let refused = login(&emulator, &token).output().unwrap();
    assert!(!refused.status.success(), "an unknown certificate was trusted: {}", text(&refused));

    let mut roots = std::env::temp_dir();
    roots.push(format!("apptoken-examples-{}.pem", std::process::id()));
    std::fs::write(&roots, emulator.certificate_pem().unwrap()).unwrap();
    let output = login(&emulator, &token).env("SSL_CERT_FILE", &roots).output().unwrap();
    std::fs::remove_file(&roots).unwrap();
    assert!(output.status.success() && text(&output).contains("user        alice"), "{}", text(&output));
}

#[test]
fn login_explains_errors_without_secrets() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let token = new_token(&emulator);
    for (variable, value, said) in [
        ("KALTURA_PARTNER_ID", "_101", "underscore"),
        ("KALTURA_APP_TOKEN", "00112233445566778899aabbccddeeff", "hashType is SHA256"),
        ("KALTURA_APP_TOKEN", "00112233445566778899aabbccddeeff\n", "line break"),
        ("KALTURA_APP_TOKEN_HASH_TYPE", "SHA512", "hashType is SHA512"),
        ("KALTURA_SERVICE_URL", "http://www.kaltura.com", "use https://"),
    ] {
        let output = login(&emulator, &token).env(variable, value).output().unwrap();
        assert!(!output.status.success(), "{variable}");
        assert!(text(&output).contains(said), "{variable}: {}", text(&output));
        assert!(
            !text(&output).contains("00112233") && !text(&output).contains(token.secret.expose()),
            "{}",
            text(&output)
        );
    }
}

#[test]
fn whoami_prints_the_user_of_the_token() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let output = with_settings("whoami", &emulator, &new_token(&emulator)).output().unwrap();
    assert_eq!(text(&output), "alice\n");
}
