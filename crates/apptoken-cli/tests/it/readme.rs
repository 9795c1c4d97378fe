//! The commands of the README, run as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Outcome, PROGRAM, Sandbox};

/// The shell blocks under a heading of the README.
fn commands(heading: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let blocks: Vec<_> = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty(), "{heading}");
    blocks.join("\n")
}

/// Runs commands in a folder with the account's admin secret, as the README supposes.
fn run(sandbox: &Sandbox, commands: &str) -> Outcome {
    let folder = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let mut shell = Command::new("/bin/sh");
    shell.arg("-euc").arg(commands).current_dir(sandbox.home.path()).env_clear();
    shell.env("HOME", sandbox.home.path()).env("PATH", format!("{folder}:/usr/bin:/bin"));
    shell.env("KALTURA_SERVICE_URL", sandbox.emulator.url()).env("KALTURA_PARTNER_ID", "101");
    shell.env("KALTURA_ADMIN_SECRET_FILE", sandbox.admin_secret_file());
    Outcome::of(shell, "")
}

#[test]
fn five_commands_do_the_five_steps_of_the_vendors_article() {
    let sandbox = Sandbox::new();
    let commands = commands("The five steps");
    assert_eq!(commands.lines().filter(|line| line.starts_with("apptoken ")).count(), 5 + 1);
    let shown = run(&sandbox, &commands).success();
    // The session of the fifth step, and that of `login`.
    assert!(shown.contains("\"userId\":\"importer\"") && shown.lines().count() >= 2, "{shown}");
    let journal = sandbox.fake().journal();
    assert_eq!((journal.count("appToken.add"), journal.count("appToken.startSession")), (1, 2));
}

#[test]
fn provision_makes_the_application_token_user() {
    let sandbox = Sandbox::new();
    let shown = run(&sandbox, &commands("A user for an application")).success();
    assert!(shown.contains("importer@example.org"), "{shown}");
}

#[test]
fn the_first_commands_of_a_new_user_work() {
    let sandbox = Sandbox::new();
    let shown = run(&sandbox, &commands("First steps").replace("importer.env", &credentials(&sandbox))).success();
    assert!(shown.contains("demonstration of exec") && shown.contains("alice"), "{shown}");
}

/// The file that an administrator hands over.
fn credentials(sandbox: &Sandbox) -> String {
    let lines: String = sandbox
        .settings()
        .into_iter()
        .filter(|(name, _)| *name != "KALTURA_APP_TOKEN_FILE")
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    sandbox.write("handed-over.env", &format!("{lines}KALTURA_APP_TOKEN={}\n", sandbox.token.secret.expose()))
}
