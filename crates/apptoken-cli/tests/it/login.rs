use std::time::Duration;

use apptoken::{HashType, SessionType};
use apptoken_transport_fake::TokenSpec;
use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

#[test]
fn the_ks_is_alone_on_standard_output() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["login"]);
    assert!(outcome.stdout.trim().len() > 60 && outcome.stdout.lines().count() == 1);
    assert_eq!((&*outcome.stderr, outcome.code), ("", Some(0)));
}

#[test]
fn the_second_login_is_from_the_cache_and_sends_nothing() {
    let sandbox = Sandbox::new();
    let first = sandbox.login();
    let requests = sandbox.fake().journal().requests();
    assert_eq!(sandbox.login(), first);
    assert_eq!(sandbox.fake().journal().requests(), requests);
    let fresh = sandbox.run(&["login", "--fresh"]).success();
    assert_ne!(fresh.trim(), first);
    // The widget session is cached too, so a new session costs one request.
    assert_eq!(sandbox.fake().journal().requests(), requests + 1);
    assert_eq!(sandbox.login(), fresh.trim(), "the fresh session is cached");
}

#[test]
fn each_format_is_as_recorded() {
    let sandbox = Sandbox::new();
    for format in ["text", "json", "env"] {
        sandbox.snapshot(&format!("login-{format}"), &sandbox.run(&["login", "--format", format]));
    }
}

#[test]
fn the_env_format_can_be_evaluated_by_a_shell() {
    let sandbox = Sandbox::new();
    let script = sandbox.run(&["login", "--format", "env"]).success();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{script}\nprintf %s \"$KALTURA_KS\""));
    assert_eq!(Outcome::of(shell, "").success(), sandbox.login());
}

#[test]
fn what_the_server_changed_is_reported() {
    let sandbox = Sandbox::with_token(
        TokenSpec::new(HashType::Sha256)
            .user("alice")
            .session_type(SessionType::User)
            .duration(Duration::from_secs(600)),
    );
    let outcome = sandbox.run(&["login", "--lifetime", "2h", "--format", "json"]);
    let object: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(object["changes"]["requestedLifetime"], 7200);
    assert_eq!(object["changes"]["grantedLifetime"], 600);
    assert!(outcome.stderr.contains("lasts 10 min instead of 2 h"), "{}", outcome.stderr);
}

#[test]
fn a_session_with_too_little_life_left_is_replaced() {
    let sandbox =
        Sandbox::with_token(TokenSpec::new(HashType::Sha256).user("alice").duration(Duration::from_secs(3600)));
    let first = sandbox.login();
    assert_eq!(sandbox.run(&["login", "--min-ttl", "50m"]).success().trim(), first);
    let stderr = sandbox.run(&["login", "--min-ttl", "2h"]).failure(5);
    assert!(stderr.contains("sessions of 59 min") || stderr.contains("sessions of 1 h"), "{stderr}");
}

#[test]
fn the_token_value_can_come_from_standard_input() {
    let sandbox = Sandbox::new();
    let secret = sandbox.token.secret.expose().to_owned();
    let mut command = sandbox.command(&["login", "--token-file", "-"]);
    command.env_remove("KALTURA_APP_TOKEN_FILE");
    assert!(!Outcome::of(command, &format!("{secret}\n")).success().is_empty());
}

#[test]
fn a_token_in_place_of_its_files_path_is_not_shown() {
    let sandbox = Sandbox::new();
    let secret = sandbox.token.secret.expose().to_owned();
    let mut command = sandbox.command(&["login"]);
    command.env("KALTURA_APP_TOKEN_FILE", &secret);
    let stderr = Outcome::of(command, "").failure(5);
    assert!(stderr.contains("KALTURA_APP_TOKEN_FILE names a file that does not exist"), "{stderr}");
    assert!(!stderr.contains(&secret), "{stderr}");
}

#[test]
fn failures_are_as_recorded_with_their_exit_codes() {
    let sandbox = Sandbox::new();
    let with = |name: &str, value: &str| {
        let mut command = sandbox.command(&["login"]);
        command.env(name, value);
        Outcome::of(command, "")
    };
    let wrong = sandbox.write("wrong", "ffffffffffffffffffffffffffffffff");
    for (name, outcome, code) in [
        ("login-without-settings", Outcome::of(sandbox.bare(&["login"]), ""), 5),
        ("login-with-wrong-hash-type", with("KALTURA_APP_TOKEN_HASH_TYPE", "SHA1"), 3),
        ("login-with-wrong-value", with("KALTURA_APP_TOKEN_FILE", &wrong), 3),
        ("login-with-unknown-token", with("KALTURA_APP_TOKEN_ID", "0_zzzzzzzz"), 3),
        ("login-with-unknown-account", with("KALTURA_PARTNER_ID", "999"), 3),
        ("login-with-wrong-url", with("KALTURA_SERVICE_URL", "www.kaltura.com"), 5),
        ("login-with-wrong-option", sandbox.run(&["login", "--formt", "json"]), 2),
        ("login-with-unknown-profile", sandbox.run(&["login", "--profile", "nowhere"]), 5),
    ] {
        assert_eq!(outcome.code, Some(code), "{name}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{name}");
        sandbox.snapshot(name, &outcome);
    }
}

#[test]
fn a_server_that_cannot_be_reached_is_exit_code_4() {
    let sandbox = Sandbox::new();
    // A port that was free a moment ago, and on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = sandbox.command(&["call", "system.ping", "--as", "none"]);
    command.env("KALTURA_SERVICE_URL", format!("https://127.0.0.1:{port}"));
    let stderr = Outcome::of(command, "").failure(4);
    assert!(stderr.contains("\n  do:     "), "{stderr}");
}

#[test]
fn without_a_usable_cache_each_run_logs_in_with_a_warning() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login"]);
    command.env("XDG_CACHE_HOME", sandbox.write("a-file", ""));
    let outcome = Outcome::of(command, "");
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("warning: sessions are not cached"), "{}", outcome.stderr);
}
