use std::process::Command;

use apptoken::{AppTokenSecret, HashType, Ks};
use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

const KS: &str = "djJ8MTAxfGFiY2RlZmdo";

fn hash(sandbox: &Sandbox, arguments: &[&str], configured: bool) -> Command {
    let mut command = sandbox.command(&[&["hash"], arguments].concat());
    if !configured {
        command.env_remove("KALTURA_APP_TOKEN_HASH_TYPE");
    }
    command
}

fn expected(sandbox: &Sandbox, hash_type: HashType) -> String {
    let token = AppTokenSecret::parse(sandbox.token.secret.expose()).unwrap();
    hash_type.token_hash(&Ks::parse(KS).unwrap(), &token).expose().to_owned()
}

#[test]
fn each_type_is_the_librarys_hash() {
    let sandbox = Sandbox::new();
    for hash_type in HashType::ALL {
        let name = hash_type.as_str().to_lowercase();
        let shown = Outcome::of(hash(&sandbox, &["--type", &name], true), &format!("{KS}\n")).success();
        assert_eq!(shown.trim(), expected(&sandbox, hash_type));
    }
    assert_eq!(sandbox.emulator.counts().requests, 0);
}

#[test]
fn the_type_is_the_configured_one_else_all_are_shown() {
    let sandbox = Sandbox::new();
    let shown = Outcome::of(hash(&sandbox, &[], true), KS).success();
    assert_eq!(shown.trim(), expected(&sandbox, HashType::Sha256));
    let shown = Outcome::of(hash(&sandbox, &[], false), KS).success();
    assert_eq!(shown.lines().count(), 4);
    let shown = Outcome::of(hash(&sandbox, &["--format", "json"], false), KS).success();
    let object: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(object["MD5"], expected(&sandbox, HashType::Md5));
}

#[test]
fn the_ks_can_come_from_a_file_or_the_environment() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("ks", KS);
    let from_file = Outcome::of(hash(&sandbox, &["--ks-file", &file], true), "").success();
    let mut command = hash(&sandbox, &[], true);
    command.env("KALTURA_KS", KS);
    assert_eq!(Outcome::of(command, "").success(), from_file);
    let stderr = Outcome::of(hash(&sandbox, &[], true), "").failure(2);
    assert!(stderr.contains("there is no KS"), "{stderr}");
}

#[test]
fn a_secret_as_an_argument_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    let secret = sandbox.token.secret.expose();
    for arguments in [vec!["hash", secret], vec!["hash", "--token", secret], vec!["hash", "--type", secret]] {
        let stderr = sandbox.run_with(&arguments, KS).failure(2);
        assert!(!stderr.contains(secret) && stderr.contains("history"), "{stderr}");
    }
}
