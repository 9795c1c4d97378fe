use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::sandbox::{Outcome, Sandbox};

#[test]
fn the_program_gets_a_session_and_none_of_the_secrets() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["exec", "--", "env"]);
    command.env_remove("KALTURA_APP_TOKEN_FILE");
    command.env("KALTURA_APP_TOKEN", sandbox.token.secret.expose()).env("KALTURA_ADMIN_SECRET", "an-admin-secret");
    let environment = Outcome::of(command, "").success();
    let ks = sandbox.login();
    assert!(environment.contains(&format!("KALTURA_KS={ks}\n")));
    assert!(environment.contains(&format!("KALTURA_SERVICE_URL={}\n", sandbox.emulator.url())));
    assert!(environment.contains("KALTURA_PARTNER_ID=101\n"));
    assert!(!environment.contains(sandbox.token.secret.expose()) && !environment.contains("an-admin-secret"));
}

#[test]
fn the_exit_code_is_the_programs() {
    let sandbox = Sandbox::new();
    let refreshed = sandbox.path("ks").display().to_string();
    for options in [vec!["exec"], vec!["exec", "--refresh-file", &refreshed]] {
        let run = |program: &[&str]| sandbox.run(&[&options, &["--"][..], program].concat());
        assert_eq!(run(&["true"]).code, Some(0));
        assert_eq!(run(&["sh", "-c", "exit 42"]).code, Some(42));
        assert_eq!(run(&["/no/such/program"]).code, Some(127));
        assert_eq!(run(&["/dev/null"]).code, Some(126));
    }
    let killed = sandbox.run(&["exec", "--refresh-file", &refreshed, "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(killed.code, Some(128 + 15));
}

#[test]
fn the_program_gets_its_arguments_and_input_unchanged() {
    let sandbox = Sandbox::new();
    let arguments = ["exec", "--", "sh", "-c", "printf '%s|' \"$@\"; cat", "-", "--fresh", "a b", ""];
    assert_eq!(sandbox.run_with(&arguments, "input").success(), "--fresh|a b||input");
}

#[test]
fn the_refreshed_file_is_private_and_holds_the_current_ks() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("run/ks");
    let file = path.display().to_string();
    let shown = sandbox.run(&["exec", "--refresh-file", &file, "--", "cat", &file]).success();
    assert_eq!(shown, sandbox.login());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The session ends while the program runs; the file then has the next one.
#[test]
fn the_refreshed_file_follows_the_renewal() {
    let sandbox = Sandbox::with_token(
        apptoken_transport_fake::TokenSpec::new(apptoken::HashType::Sha256)
            .user("alice")
            .duration(std::time::Duration::from_secs(2)),
    );
    let file = sandbox.path("ks").display().to_string();
    let script =
        format!("first=$(cat {file}); while [ \"$first\" = \"$(cat {file})\" ]; do sleep 0.05; done; echo renewed");
    assert_eq!(sandbox.run(&["exec", "--refresh-file", &file, "--", "sh", "-c", &script]).success(), "renewed\n");
}

#[test]
fn signals_reach_the_program() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("ks").display().to_string();
    let script = "trap 'echo got it; exit 7' TERM USR1; echo ready; while :; do sleep 0.05; done";
    for options in [vec!["exec"], vec!["exec", "--refresh-file", &file]] {
        for signal in ["TERM", "USR1"] {
            let arguments = [&options[..], &["--", "sh", "-c", script]].concat();
            let mut child = sandbox.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "ready");
            let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            assert_eq!(lines.next().unwrap().unwrap(), "got it");
            assert_eq!(child.wait().unwrap().code(), Some(7));
        }
    }
}

#[test]
fn nothing_runs_if_there_is_no_session() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["exec", "--", "echo", "must not run"]);
    command.env("KALTURA_APP_TOKEN_ID", "0_zzzzzzzz");
    let outcome = Outcome::of(command, "");
    assert_eq!((&*outcome.stdout, outcome.code), ("", Some(3)));
}

/// The program's own crashes are its own business.
#[test]
fn the_program_gets_the_inherited_core_limit_back() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("ks").display().to_string();
    for options in ["", &format!("--refresh-file {file}")] {
        let script = format!("ulimit -S -c 4; exec {} exec {options} -- sh -c 'ulimit -S -c'", crate::sandbox::PROGRAM);
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(script).env_clear().env("HOME", sandbox.home.path()).env("PATH", "/usr/bin:/bin");
        shell.envs(sandbox.settings());
        assert_eq!(Outcome::of(shell, "").success(), "4\n");
    }
}
