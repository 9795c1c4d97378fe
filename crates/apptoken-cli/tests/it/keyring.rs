//! Secrets in a Secret Service: a GNOME keyring on a private bus, which ends with the script that uses it.

use std::process::{Command, Stdio};

use crate::sandbox::{Outcome, PROGRAM, Sandbox};

/// The user's keyring is there after this, with or without its password.
const UNLOCKED: &str = "printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null\n";
const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets > /dev/null\n";

/// Runs a script of the shell on a bus of its own. `None`, with a line that says so, without the programs for it.
fn on_private_bus(sandbox: &Sandbox, script: &str) -> Option<Outcome> {
    let exists = |program: &str| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if !exists("dbus-run-session") || !exists("gnome-keyring-daemon") {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("SKIPPED: dbus-run-session or gnome-keyring-daemon is not on the path");
        }
        return None;
    }
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "/bin/sh", "-uc", script]).env_clear();
    command.env("HOME", sandbox.home.path()).env("PATH", "/usr/bin:/bin");
    // Where the keyring has its sockets.
    let runtime = sandbox.path("run");
    std::fs::create_dir_all(&runtime).unwrap();
    command.env("XDG_RUNTIME_DIR", runtime);
    command.envs(sandbox.settings()).env_remove("KALTURA_APP_TOKEN_FILE");
    command.env("apptoken", PROGRAM).env("value", sandbox.path("token"));
    Some(Outcome::of(command, ""))
}

const STORE: &str = "$apptoken config secret token --keyring < $value; echo stored $?\n";
const LOG_IN: &str = "$apptoken login --fresh > /dev/null; echo logged in $?\n";
const DELETE: &str = "$apptoken config secret token --delete; echo deleted $?\n";
const SHOW: &str = "$apptoken config show\n";

#[test]
fn the_keyring_keeps_the_token_until_it_is_deleted() {
    let sandbox = Sandbox::new();
    let script = [UNLOCKED, STORE, LOG_IN, SHOW, DELETE, LOG_IN].concat();
    let Some(outcome) = on_private_bus(&sandbox, &script) else { return };
    let results: Vec<_> = outcome
        .stdout
        .lines()
        .filter(|line| line.ends_with(|c: char| c.is_ascii_digit()) && !line.contains('\t'))
        .collect();
    assert_eq!(results, ["stored 0", "logged in 0", "deleted 0", "logged in 5"], "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("token\t[hidden]\tthe system's keyring, for profile default\n"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stderr.contains("the app token's value is missing"), "{}", outcome.stderr);
    // A daemon of its own reads what another has stored.
    let Some(later) = on_private_bus(&sandbox, &[UNLOCKED, STORE].concat()) else { return };
    assert!(later.stdout.contains("stored 0"), "{}", later.stderr);
    let Some(later) = on_private_bus(&sandbox, &[UNLOCKED, LOG_IN].concat()) else { return };
    assert!(later.stdout.contains("logged in 0"), "{}", later.stderr);
}

#[test]
fn a_locked_or_absent_keyring_keeps_nothing_elsewhere() {
    let sandbox = Sandbox::new();
    let Some(stored) = on_private_bus(&sandbox, &[UNLOCKED, STORE].concat()) else { return };
    assert!(stored.stdout.contains("stored 0"), "{}", stored.stderr);
    for keyring in [LOCKED, "unset DBUS_SESSION_BUS_ADDRESS\n"] {
        let script = [keyring, LOG_IN, STORE].concat();
        let Some(outcome) = on_private_bus(&sandbox, &script) else { return };
        assert_eq!(outcome.stdout, "logged in 5\nstored 5\n", "{}", outcome.stderr);
        assert!(outcome.stderr.contains("the system's keyring cannot be used"), "{}", outcome.stderr);
        assert!(!sandbox.path(".config/apptoken/secrets").exists());
    }
}
