use std::time::Duration;

use apptoken::{HashType, SessionType, UnixSeconds};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, FakeClock, TokenSpec};
use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

fn alice() -> TokenSpec {
    TokenSpec::new(HashType::Sha256).user("alice").session_type(SessionType::User)
}

#[test]
fn a_healthy_set_up_is_as_recorded() {
    let sandbox = Sandbox::new();
    sandbox.snapshot("doctor", &sandbox.run(&["doctor"]));
    sandbox.snapshot("doctor-json", &sandbox.run(&["doctor", "--format", "json"]));
    sandbox.snapshot("doctor-as-admin", &sandbox.run_as_admin(&["doctor", "--action", "userRole.list"]));
}

#[test]
fn each_broken_link_is_named_with_its_cure() {
    let sandbox = Sandbox::new();
    let with = |name: &str, value: &str| {
        let mut command = sandbox.command(&["doctor"]);
        command.env(name, value);
        Outcome::of(command, "")
    };
    let wrong = sandbox.write("wrong", "ffffffffffffffffffffffffffffffff");
    for (name, outcome, code) in [
        ("doctor-no-settings", Outcome::of(sandbox.bare(&["doctor"]), ""), 5),
        ("doctor-wrong-hash-type", with("KALTURA_APP_TOKEN_HASH_TYPE", "SHA1"), 3),
        ("doctor-wrong-value", with("KALTURA_APP_TOKEN_FILE", &wrong), 3),
        ("doctor-unknown-token", with("KALTURA_APP_TOKEN_ID", "0_zzzzzzzz"), 3),
        ("doctor-unknown-account", with("KALTURA_PARTNER_ID", "999"), 3),
        ("doctor-proxy", with("HTTPS_PROXY", "http://user:hunter2@proxy:3128"), 0),
        ("doctor-no-cache", with("XDG_CACHE_HOME", &wrong), 1),
        ("doctor-unknown-host", with("KALTURA_SERVICE_URL", "https://no-such-host.invalid"), 4),
    ] {
        assert_eq!(outcome.code, Some(code), "{name}: {}", outcome.stdout);
        assert!(!outcome.stdout.contains("hunter2"), "{name}");
        if name != "doctor-unknown-host" {
            sandbox.snapshot(name, &outcome);
        }
    }
}

#[test]
fn a_port_without_a_server_is_the_tcp_link() {
    let sandbox = Sandbox::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = sandbox.command(&["doctor"]);
    command.env("KALTURA_SERVICE_URL", format!("http://127.0.0.1:{port}"));
    let outcome = Outcome::of(command, "");
    assert!(outcome.stdout.contains("FAIL  tcp"), "{}", outcome.stdout);
    assert_eq!(outcome.code, Some(4));
}

#[test]
fn tls_shows_version_and_issuer_and_refuses_unknown_roots() {
    let sandbox =
        Sandbox::with_server(Fake::builder().clock(FakeClock::running()).build(), alice(), Emulator::start_tls);
    let certificate = sandbox.write("root.pem", sandbox.emulator.certificate_pem().unwrap());
    let mut trusting = sandbox.command(&["doctor"]);
    trusting.env("SSL_CERT_FILE", &certificate);
    let shown = Outcome::of(trusting, "").success();
    assert!(shown.contains("ok    tls       TLS 1.3, issuer "), "{shown}");
    let shown = sandbox.run(&["doctor", "--root-certificates", &certificate]).success();
    assert!(shown.contains("ok    tls       TLS 1.3, issuer ") && shown.contains("No problem."), "{shown}");
    let refused = sandbox.run(&["doctor"]);
    assert!(
        refused.stdout.contains("FAIL  tls") && refused.stdout.contains("set root-certificates"),
        "{}",
        refused.stdout
    );
    assert_eq!(refused.code, Some(4));
}

#[test]
fn a_proxy_is_checked_and_its_password_is_not_shown() {
    let sandbox = Sandbox::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("KALTURA_SERVICE_URL", "https://kaltura.example.org");
        command.env("KALTURA_PROXY", format!("http://me:hunter2@127.0.0.1:{port}"));
        Outcome::of(command, "")
    };
    let (doctor, config) = (run(&["doctor"]), run(&["config", "show"]));
    assert_eq!(doctor.code, Some(4));
    assert!(doctor.stdout.contains("FAIL  proxy"), "{}", doctor.stdout);
    assert!(config.stdout.contains(&format!("http://127.0.0.1:{port}")), "{}", config.stdout);
    assert!(!doctor.stdout.contains("hunter2") && !config.stdout.contains("hunter2"));
}

#[test]
fn the_clock_and_the_end_of_the_token_are_checked() {
    let sandbox = Sandbox::new();
    sandbox.fake().clock().advance(Duration::from_secs(600));
    let shown = sandbox.run(&["doctor"]);
    assert!(shown.stdout.contains("FAIL  clock") && shown.stdout.contains("behind the server"), "{}", shown.stdout);
    assert_eq!(shown.code, Some(1));

    let now = FakeClock::running().time();
    let sandbox = Sandbox::with_token(alice().expires_at(UnixSeconds(now.0 + 5 * 86_400)));
    let shown = sandbox.run_as_admin(&["doctor"]);
    assert!(
        shown.stdout.contains("it expires at") && shown.stdout.contains("apptoken token rotate"),
        "{}",
        shown.stdout
    );
    assert_eq!(shown.code, Some(1));
}

/// `session.end` on one session of a token ends all of them, also those that start in the next day.
#[test]
fn a_token_whose_sessions_were_ended_is_recognised() {
    let sandbox = Sandbox::new();
    sandbox.run(&["call", "session.end"]).success();
    let shown = sandbox.run(&["doctor"]);
    assert!(
        shown.stdout.contains("FAIL  session") && shown.stdout.contains("session.end was called"),
        "{}",
        shown.stdout
    );
    assert_eq!(shown.code, Some(3));
}

#[test]
fn only_actions_that_read_are_tried() {
    let sandbox = Sandbox::new();
    for action in ["appToken.delete", "user.add", "session.end"] {
        let shown = sandbox.run(&["doctor", "--action", action]).success();
        assert!(shown.contains("only the real call can tell"), "{shown}");
        assert_eq!(sandbox.fake().journal().count(action), 0);
    }
    let shown = sandbox.run(&["doctor", "--action", "userRole.list"]);
    assert!(shown.stdout.contains("FAIL  action") && shown.stdout.contains("SERVICE_FORBIDDEN"), "{}", shown.stdout);
    assert_eq!(shown.code, Some(3));
}

/// Nothing that doctor calls may change the account.
#[test]
fn doctor_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run_as_admin(&["doctor", "--action", "user.list"]);
    let journal = sandbox.fake().journal();
    let called: Vec<_> = journal.entries().map(|entry| entry.action.clone()).collect();
    let reading = ["ping", "get", "list", "startWidgetSession", "startSession"];
    assert!(called.iter().all(|name| reading.iter().any(|verb| name.ends_with(verb))), "{called:?}");
}

#[test]
fn the_report_as_json_counts_the_problems() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["doctor", "--format", "json"]);
    command.env("KALTURA_APP_TOKEN_HASH_TYPE", "MD5");
    let report: Value = serde_json::from_str(&Outcome::of(command, "").stdout).unwrap();
    assert_eq!(report["problems"], 1);
    let broken: Vec<_> = report["links"].as_array().unwrap().iter().filter(|link| link["status"] == "fail").collect();
    assert_eq!(broken[0]["do"], "set KALTURA_APP_TOKEN_HASH_TYPE to SHA256");
}

/// Regression: the cure was a change of the profile, which has no effect on a value of the environment.
#[test]
fn a_wrong_hash_type_is_corrected_where_it_is_set() {
    let sandbox = Sandbox::new();
    sandbox.run(&["config", "set", "--profile", "prod", "hash-type", "MD5"]).success();
    let id = sandbox.token.id.to_string();
    sandbox.run(&["config", "set", "--profile", "prod", "token-id", &id]).success();
    let lines: String = sandbox
        .settings()
        .iter()
        .map(|(name, value)| format!("{name}={}\n", if value == "SHA256" { "MD5" } else { value }))
        .collect();
    let file = sandbox.write("handed-over.env", &lines);
    for (arguments, cure) in [
        (["--hash-type", "MD5"], "use --hash-type SHA256".to_owned()),
        (["--profile", "prod"], "apptoken config set --profile prod hash-type SHA256".to_owned()),
        (["--credentials", &file], format!("set KALTURA_APP_TOKEN_HASH_TYPE to SHA256 in {file}")),
    ] {
        let shown = sandbox.run(&[&["doctor"][..], &arguments].concat()).stdout;
        assert!(shown.contains(&format!("do: {cure}\n")), "{cure}: {shown}");
    }
}

#[test]
fn a_missing_setting_is_to_be_set_in_the_profile_that_was_named() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| Outcome::of(sandbox.bare(arguments), "");
    run(&["config", "set", "--profile", "test", "partner-id", "102"]).success();
    let stderr = run(&["login", "--profile", "test"]).failure(5);
    assert!(stderr.contains("apptoken config set --profile test token-id"), "{stderr}");
}
