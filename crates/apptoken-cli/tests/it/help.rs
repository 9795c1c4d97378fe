use crate::sandbox::Sandbox;

#[test]
fn the_help_of_each_command_is_as_recorded() {
    let sandbox = Sandbox::new();
    for (name, arguments) in [
        ("help", vec!["--help"]),
        ("help-login", vec!["login", "--help"]),
        ("help-exec", vec!["exec", "--help"]),
        ("help-call", vec!["call", "--help"]),
        ("help-hash", vec!["hash", "--help"]),
        ("help-ks", vec!["ks", "--help"]),
        ("help-ks-inspect", vec!["ks", "inspect", "--help"]),
        ("help-ks-verify", vec!["ks", "verify", "--help"]),
        ("help-ks-mint", vec!["ks", "mint", "--help"]),
        ("help-doctor", vec!["doctor", "--help"]),
        ("help-config", vec!["config", "--help"]),
        ("help-config-set", vec!["config", "set", "--help"]),
        ("help-config-secret", vec!["config", "secret", "--help"]),
        ("help-completions", vec!["completions", "--help"]),
        ("help-man", vec!["man", "--help"]),
    ] {
        let outcome = sandbox.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{name}");
        sandbox.snapshot(name, &outcome);
    }
}

#[test]
fn version_is_a_result() {
    assert_eq!(Sandbox::new().run(&["--version"]).success(), concat!("apptoken ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn without_a_command_the_help_is_an_error() {
    let stderr = Sandbox::new().run(&[]).failure(2);
    assert!(stderr.contains("Usage: apptoken"), "{stderr}");
}

#[test]
fn completions_are_written_for_each_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = sandbox.run(&["completions", shell]).success();
        assert!(text.contains("apptoken") && text.contains("min-ttl"), "{shell}");
    }
}

#[test]
fn each_command_has_a_man_page() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("man");
    sandbox.run(&["man", folder.to_str().unwrap()]).success();
    for page in ["apptoken.1", "apptoken-login.1", "apptoken-call.1", "apptoken-ks-inspect.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}

/// The settings of another program must not keep this one from showing its help.
#[test]
fn a_broken_configuration_does_not_hide_completions() {
    let sandbox = Sandbox::new();
    let config = sandbox.write("broken.toml", "this is = = not TOML");
    let mut command = sandbox.bare(&["completions", "bash"]);
    command.env("APPTOKEN_CONFIG", config);
    crate::sandbox::Outcome::of(command, "").success();
}

/// The emulator is a program of its own, beside this one.
#[test]
fn the_emulator_gets_its_arguments_unchanged() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let program = sandbox.path("apptoken");
    std::fs::copy(crate::sandbox::PROGRAM, &program).unwrap();
    let emulator = sandbox.path("apptoken-emulator");
    std::fs::write(&emulator, "#!/bin/sh\necho \"$@\"\n").unwrap();
    std::fs::set_permissions(&emulator, std::fs::Permissions::from_mode(0o700)).unwrap();
    // Also options that this program has too.
    for arguments in ["--listen 127.0.0.1:8080 --help", "--help", "--profile x -v"] {
        let mut command = std::process::Command::new(&program);
        command.arg("emulator").args(arguments.split(' '));
        assert_eq!(crate::sandbox::Outcome::of(command, "").success(), format!("{arguments}\n"));
    }
}
