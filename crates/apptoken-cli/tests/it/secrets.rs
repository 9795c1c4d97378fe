//! No secret where it does not belong.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::sandbox::{Outcome, Sandbox};

/// What must not be seen: the token's value, the admin secret and sessions.
fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let admin_secret = fs::read_to_string(sandbox.admin_secret_file()).unwrap();
    vec![sandbox.token.secret.expose().to_owned(), admin_secret, sandbox.login()]
}

fn assert_clean(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{what} shows a secret: {text}");
    }
}

#[test]
fn messages_show_no_secret_at_the_most_verbose_level() {
    let sandbox = Sandbox::new();
    let secrets = secrets(&sandbox);
    let ks = &secrets[2];
    let wrong = sandbox.write("wrong", "0123456789abcdef0123456789abcdef");
    for arguments in [
        vec!["login", "--fresh"],
        vec!["call", "user.get"],
        vec!["call", "session.nothing"],
        vec!["call", "user.get", "ks=djJ8", "--fresh"],
        vec!["doctor"],
        vec!["doctor", "--format", "json"],
        vec!["config", "show"],
        vec!["ks", "inspect", ks],
        vec!["ks", ks],
        vec![ks],
        vec!["call", ks],
        vec!["call", "user.get", &secrets[0]],
        vec!["call", "user.get", &format!("session={ks}"), "--dry-rnu"],
        vec!["login", "--lifetime", &secrets[0]],
        vec!["login", "--token-id", &secrets[0]],
        vec!["login", "--profile", &secrets[0]],
        vec!["config", "set", &secrets[0], &secrets[1]],
        vec!["login", "--token-file", &wrong],
    ] {
        let mut command = sandbox.command(&[&["--verbose"], &arguments[..]].concat());
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").env("KALTURA_ADMIN_SECRET", &secrets[1]);
        let outcome = Outcome::of(command, "");
        assert_clean(&format!("{:?}", arguments[0]), &outcome.stderr, &secrets);
        // Only `login` prints a session.
        if arguments[0] != "login" {
            assert_clean(&format!("{:?}", arguments[0]), &outcome.stdout, &secrets);
        }
    }
}

/// While a program runs, the arguments and environments of all processes of the machine are searched.
#[cfg(target_os = "linux")]
#[test]
fn arguments_and_environments_of_other_processes_hold_no_secret() {
    let sandbox = Sandbox::new();
    let secrets = secrets(&sandbox);
    let file = sandbox.path("ks").display().to_string();
    let arguments = ["exec", "--refresh-file", &file, "--", "sh", "-c", "echo $$; read line"];
    let mut child = sandbox.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let program = first.trim();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let name = process.file_name().to_string_lossy().into_owned();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) || name == std::process::id().to_string() {
            continue;
        }
        let read =
            |file: &str| String::from_utf8_lossy(&fs::read(process.path().join(file)).unwrap_or_default()).into_owned();
        assert_clean(&format!("the command line of {name}"), &read("cmdline"), &secrets);
        let of_program: &[String] = if name == program { &secrets[..2] } else { &secrets };
        assert_clean(&format!("the environment of {name}"), &read("environ"), of_program);
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    child.wait().unwrap();
}

#[test]
fn files_hold_no_token_value_and_are_private() {
    let sandbox = Sandbox::new();
    let secrets = secrets(&sandbox);
    let mut folders = vec![sandbox.path(".cache")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
            let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
            assert_clean("a file of the cache", &text, &secrets[..2]);
        }
    }
    assert!(files > 0, "the session is cached");
}

#[test]
fn an_exposed_file_with_a_secret_is_reported() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let token = sandbox.path("token");
    let with_mode = |mode: u32| {
        let command = sandbox.command(&["login", "--fresh"]);
        fs::set_permissions(&token, fs::Permissions::from_mode(mode)).unwrap();
        Outcome::of(command, "")
    };
    let outcome = with_mode(0o644);
    assert!(outcome.stderr.contains("warning:") && outcome.stderr.contains("600"), "{}", outcome.stderr);
    assert!(with_mode(0o666).failure(5).contains("other users can change it"));
    assert_eq!(with_mode(0o600).stderr, "");
}
