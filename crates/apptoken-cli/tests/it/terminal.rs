//! A person at a terminal.

use std::process::Command;

use apptoken::HashType;
use apptoken_transport_fake::TokenSpec;
use rexpect::session::{PtySession, spawn_command};

use crate::sandbox::Sandbox;

const TIMEOUT_MS: u64 = 30_000;

fn start(mut command: Command) -> PtySession {
    command.env("TERM", "xterm").env("LANG", "C.UTF-8");
    spawn_command(command, Some(TIMEOUT_MS)).unwrap()
}

#[test]
fn a_secret_is_asked_for_and_not_shown() {
    let sandbox = Sandbox::new();
    let mut session = start(sandbox.bare(&["config", "secret", "token"]));
    session.exp_string("the app token's value: ").unwrap();
    session.send_line("0123456789abcdef0123456789abcdef").unwrap();
    let shown = session.exp_eof().unwrap();
    assert!(!shown.contains("0123456789abcdef") && shown.contains("is kept in"), "{shown}");
    let file = std::fs::read_to_string(sandbox.path(".config/apptoken/secrets/default.token")).unwrap();
    assert_eq!(file, "0123456789abcdef0123456789abcdef");
}

#[test]
fn ctrl_c_at_a_question_ends_with_130_and_restores_the_terminal() {
    let sandbox = Sandbox::new();
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("HOME", sandbox.home.path()).env("PATH", "/usr/bin:/bin");
    shell.arg("-c").arg(format!(
        "before=$(stty -g); {} config secret token; echo code $?; [ \"$before\" = \"$(stty -g)\" ] && echo the same",
        crate::sandbox::PROGRAM
    ));
    let mut session = start(shell);
    session.exp_string("the app token's value: ").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("code 130").unwrap();
    session.exp_string("the same").unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn results_are_laid_out_for_people() {
    let sandbox = Sandbox::new();
    let mut session = start(sandbox.command(&["call", "user.get"]));
    let shown = session.exp_eof().unwrap();
    assert!(shown.contains("\n  \"id\": \"alice\""), "{shown}");
    let mut session = start(sandbox.command(&["doctor"]));
    let shown = session.exp_eof().unwrap();
    assert!(shown.contains("\u{1b}[32mok  \u{1b}[0m"), "{shown}");
    let mut command = sandbox.command(&["doctor"]);
    command.env("NO_COLOR", "1");
    let shown = start(command).exp_eof().unwrap();
    assert!(shown.contains("ok    token") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn progress_of_a_long_list_is_one_line() {
    let sandbox = Sandbox::new();
    let mut session = start({
        let mut command =
            sandbox.command(&["call", "appToken.list", "--as", "admin", "--paginate", "--select", "objects.id"]);
        command.env("KALTURA_ADMIN_SECRET_FILE", sandbox.admin_secret_file());
        command
    });
    let shown = session.exp_eof().unwrap();
    assert!(shown.contains("1 of 1 objects, 1 page"), "{shown}");
}

#[test]
fn the_pages_of_a_long_list_are_counted() {
    let sandbox = Sandbox::new();
    for _ in 1..1200 {
        let _ = sandbox.fake().add_token(sandbox.token.partner, TokenSpec::new(HashType::Sha256));
    }
    for action in ["list", "audit"] {
        let mut command = sandbox.command(&["token", action]);
        command.env("KALTURA_ADMIN_SECRET_FILE", sandbox.admin_secret_file());
        let mut session = start(command);
        for count in ["500 of 1,200 tokens", "1,000 of 1,200 tokens", "1,200 of 1,200 tokens"] {
            session.exp_string(count).unwrap();
        }
        session.exp_eof().unwrap();
    }
}

/// A shell cannot trap a signal that was ignored when it started. SIGINT is ignored in all that a script runs in the
/// background, where the test of Ctrl-C once failed.
fn interruptible_shell() -> &'static [&'static str] {
    const SIGINT: u64 = 1 << 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    match ignored {
        Some(signals) if signals & SIGINT != 0 => &["env", "--default-signal=INT", "sh"],
        _ => &["sh"],
    }
}

/// Ctrl-C at a terminal goes to the program, and `apptoken` waits for what it does with it.
#[test]
fn ctrl_c_reaches_the_program_once() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("ks").display().to_string();
    let script = "n=0; trap 'n=$((n+1)); echo caught $n' INT; echo ready; while [ $n -lt 1 ]; do sleep 0.05; done; sleep 0.2; echo end $n";
    for options in [vec!["exec"], vec!["exec", "--refresh-file", &file]] {
        let mut session =
            start(sandbox.command(&[&options[..], &["--"], interruptible_shell(), &["-c", script]].concat()));
        session.exp_string("ready").unwrap();
        session.send_control('c').unwrap();
        session.exp_string("caught 1").unwrap();
        session.exp_string("end 1").unwrap();
        session.exp_eof().unwrap();
    }
}

/// A server's text must not act on the terminal.
#[test]
fn control_characters_of_a_server_are_escaped_on_a_terminal() {
    let sandbox = Sandbox::new();
    let name = "user:screenName=a\u{202e}b\u{9b}2Jc";
    let arguments = ["call", "user.add", "user:id=eve", name, "--as", "admin", "--select", "screenName"];
    let mut command = sandbox.command(&arguments);
    command.env("KALTURA_ADMIN_SECRET_FILE", sandbox.admin_secret_file());
    let shown = start(command).exp_eof().unwrap();
    assert!(!shown.contains('\u{202e}') && !shown.contains('\u{9b}'), "{shown:?}");
}

#[test]
fn what_is_destroyed_is_confirmed() {
    let sandbox = Sandbox::new();
    let id = sandbox.token.id.clone();
    let delete = || {
        let mut command = sandbox.command(&["token", "delete", id.as_str()]);
        command.env("KALTURA_ADMIN_SECRET_FILE", sandbox.admin_secret_file());
        let mut session = start(command);
        session.exp_string("[y/N] ").unwrap();
        session
    };
    let mut session = delete();
    session.send_line("no").unwrap();
    session.exp_string("nothing was changed").unwrap();
    session.exp_eof().unwrap();
    assert!(sandbox.fake().token(&id).is_some());
    let mut session = delete();
    session.send_line("y").unwrap();
    session.exp_string("is deleted").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(sandbox.fake().journal().count("appToken.delete"), 1);
}
