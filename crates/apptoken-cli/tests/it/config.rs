use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::{Outcome, Sandbox};

fn run(sandbox: &Sandbox, arguments: &[&str], stdin: &str) -> Outcome {
    Outcome::of(sandbox.bare(arguments), stdin)
}

/// A profile that has all settings and the secret.
fn configured() -> Sandbox {
    let sandbox = Sandbox::new();
    let (url, id) = (sandbox.emulator.url(), sandbox.token.id.to_string());
    for (key, value) in
        [("service-url", url.as_str()), ("partner-id", "101"), ("token-id", &id), ("hash-type", "sha256")]
    {
        run(&sandbox, &["config", "set", "--profile", "prod", key, value], "").success();
    }
    let secret = format!("{}\n", sandbox.token.secret.expose());
    run(&sandbox, &["config", "secret", "--profile", "prod", "token"], &secret).success();
    sandbox
}

#[test]
fn a_profile_is_enough_to_log_in() {
    let sandbox = configured();
    assert!(!run(&sandbox, &["login", "--profile", "prod"], "").success().is_empty());
    let stderr = run(&sandbox, &["login"], "").failure(5);
    assert!(stderr.contains("token-id is not set"), "{stderr}");
    run(&sandbox, &["config", "use", "prod"], "").success();
    assert!(!run(&sandbox, &["login"], "").success().is_empty());
}

#[test]
fn the_settings_and_their_origins_are_as_recorded() {
    let sandbox = configured();
    sandbox.snapshot("config-show", &run(&sandbox, &["config", "show", "--profile", "prod"], ""));
    sandbox
        .snapshot("config-show-json", &run(&sandbox, &["config", "show", "--profile", "prod", "--format", "json"], ""));
    sandbox.snapshot("config-show-environment", &sandbox.run(&["config", "show"]));
    sandbox.snapshot("config-list", &run(&sandbox, &["config", "list"], ""));
    let file = std::fs::read_to_string(sandbox.path(".config/apptoken/config.toml")).unwrap();
    sandbox.snapshot("config-file", &Outcome { stdout: file, stderr: String::new(), code: Some(0) });
}

#[test]
fn a_named_profile_comes_before_the_environment_and_an_option_before_both() {
    let sandbox = configured();
    let login = |arguments: &[&str]| {
        let mut command = sandbox.bare(&[&["call", "user.get", "--select", "partnerId"], arguments].concat());
        command.env("KALTURA_PARTNER_ID", "999");
        Outcome::of(command, "")
    };
    assert_eq!(login(&["--profile", "prod"]).success(), "101\n");
    run(&sandbox, &["config", "use", "prod"], "").success();
    assert_eq!(login(&[]).code, Some(3), "the environment comes before the default profile");
    assert_eq!(login(&["--partner-id", "101"]).success(), "101\n");
}

/// As systemd and a mounted Kubernetes secret give them.
#[test]
fn a_folder_of_the_environment_holds_settings() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("credentials");
    std::fs::create_dir(&folder).unwrap();
    sandbox.write("credentials/KALTURA_APP_TOKEN", sandbox.token.secret.expose());
    sandbox.write("credentials/KALTURA_PARTNER_ID", "101\n");
    for variable in ["CREDENTIALS_DIRECTORY", "KALTURA_CREDENTIALS_DIRECTORY"] {
        let command = |arguments: &[&str]| {
            let mut command = sandbox.command(arguments);
            command.env_remove("KALTURA_APP_TOKEN_FILE").env_remove("KALTURA_PARTNER_ID").env(variable, &folder);
            command
        };
        assert!(!Outcome::of(command(&["login", "--fresh"]), "").success().is_empty());
        sandbox.snapshot("config-show-folder", &Outcome::of(command(&["config", "show"]), ""));
        let mut twice = command(&["login"]);
        twice.env("KALTURA_PARTNER_ID", "101");
        assert!(Outcome::of(twice, "").failure(5).contains("is set in two places"));
        assert_eq!(Outcome::of(command(&["login", "--partner-id", "999"]), "").code, Some(3), "an option comes first");
    }
}

#[test]
fn a_credentials_file_is_shown_and_gives_way_to_a_named_profile() {
    let sandbox = configured();
    let lines: Vec<_> = sandbox
        .settings()
        .iter()
        .map(|(name, value)| format!("{name}={value}\n").replace("=101\n", "=999\n"))
        .collect();
    let file = sandbox.write("other.env", &lines.concat());
    let run = |arguments: &[&str]| {
        let mut command = sandbox.bare(arguments);
        command.env("KALTURA_CREDENTIALS_FILE", &file);
        Outcome::of(command, "")
    };
    sandbox.snapshot("config-show-credentials", &run(&["config", "show"]));
    let mut both = sandbox.command(&["config", "show"]);
    both.env("KALTURA_CREDENTIALS_FILE", &file);
    assert!(Outcome::of(both, "").success().contains("partner-id\t999\t"), "a file comes before single variables");
    let partner = ["call", "user.get", "--select", "partnerId"];
    assert_eq!(run(&partner).code, Some(3), "the file names an account that does not exist");
    assert_eq!(run(&[&partner[..], &["--partner-id", "101"]].concat()).success(), "101\n");
    assert_eq!(run(&[&partner[..], &["--profile", "prod"]].concat()).success(), "101\n");
}

#[test]
fn plain_http_is_allowed_to_the_hosts_that_a_setting_names() {
    let sandbox = Sandbox::new();
    let show = |hosts: &str| {
        let mut command = sandbox.command(&["call", "system.ping", "--as", "none", "--dry-run"]);
        command.env("KALTURA_SERVICE_URL", "http://emulator:8080").env("KALTURA_ALLOW_HTTP_HOSTS", hosts);
        Outcome::of(command, "")
    };
    assert!(show("other").failure(5).contains("KALTURA_ALLOW_HTTP_HOSTS can name the host"));
    assert!(show("other,emulator").success().contains("http://emulator:8080"));

    run(&sandbox, &["config", "set", "service-url", "http://emulator:8080"], "").failure(2);
    run(&sandbox, &["config", "set", "allow-http-hosts", "emulator"], "").success();
    run(&sandbox, &["config", "set", "service-url", "http://emulator:8080"], "").success();
    run(&sandbox, &["config", "set", "allow-http-hosts", "www.kaltura.com"], "").failure(2);
}

#[test]
fn secrets_are_kept_for_this_user_only_and_can_be_deleted() {
    let sandbox = configured();
    let folder = sandbox.path(".config/apptoken");
    let file = folder.join("secrets/prod.token");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&folder.join("secrets")), mode(&folder.join("config.toml"))), (0o600, 0o700, 0o600));
    let config = std::fs::read_to_string(folder.join("config.toml")).unwrap();
    assert!(!config.contains(sandbox.token.secret.expose()));
    run(&sandbox, &["config", "secret", "--profile", "prod", "token", "--delete"], "").success();
    assert!(!file.exists());
    assert!(run(&sandbox, &["login", "--profile", "prod"], "").failure(5).contains("value is missing"));
}

#[test]
fn comments_in_the_configuration_stay() {
    let sandbox = configured();
    let path = sandbox.path(".config/apptoken/config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("# my accounts\n{text}")).unwrap();
    run(&sandbox, &["config", "unset", "--profile", "prod", "hash-type"], "").success();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# my accounts\n") && !text.contains("hash-type"), "{text}");
}

#[test]
fn wrong_settings_are_refused() {
    let sandbox = Sandbox::new();
    for (key, value, hint) in [
        ("partner-id", "_101", "underscore"),
        ("service-url", "http://www.kaltura.com", "https://"),
        ("token-id", "00112233445566778899aabbccddeeff", "secret value"),
        ("hash-type", "SHA3", "SHA256"),
        ("token-file", "00112233445566778899aabbccddeeff", "name of a file"),
        ("proxy", "ftp://proxy", "proxy"),
        ("root-certificates", "/does/not/exist", "cannot read"),
        ("token", "00112233445566778899aabbccddeeff", "no such setting"),
    ] {
        let stderr = run(&sandbox, &["config", "set", key, value], "").failure(2);
        assert!(stderr.contains(hint) && !stderr.contains("00112233"), "{stderr}");
    }
    assert!(run(&sandbox, &["config", "unset", "token"], "").failure(2).contains("no such setting"));
    for option in ["--token-file", "--credentials", "--admin-ks-file", "--root-certificates"] {
        let given_as_file = ["token", "list", option, "00112233445566778899aabbccddeeff"];
        let stderr = Outcome::of(sandbox.command(&given_as_file), "").failure(5);
        assert!(stderr.contains("do:  ") && !stderr.contains("00112233"), "{stderr}");
    }
    let broken = sandbox.write("broken.toml", "[profiles.prod]\ntoken = 00112233445566778899aabbccddeeff\n");
    let mut command = sandbox.bare(&["login"]);
    command.env("APPTOKEN_CONFIG", broken);
    let stderr = Outcome::of(command, "").failure(5);
    assert!(stderr.contains("line 2") && !stderr.contains("00112233"), "{stderr}");
}

#[test]
fn the_keyring_fails_closed() {
    let sandbox = configured();
    let secret = sandbox.token.secret.expose();
    // There is no keyring in the tests, and some builds have none at all.
    let stderr = run(&sandbox, &["config", "secret", "--profile", "prod", "token", "--keyring"], secret).failure(5);
    assert!(stderr.contains("keyring"), "{stderr}");
    let shown = run(&sandbox, &["config", "show", "--profile", "prod"], "").success();
    assert!(shown.contains("prod.token"), "the secret stays where it was: {shown}");
}
