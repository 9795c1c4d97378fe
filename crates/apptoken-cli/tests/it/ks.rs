use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

#[test]
fn what_a_ks_holds_is_as_recorded() {
    let sandbox = Sandbox::new();
    let ks = sandbox.login();
    sandbox.snapshot("ks-inspect", &sandbox.run_with(&["ks", "inspect"], &ks));
    sandbox.snapshot("ks-inspect-json", &sandbox.run_with(&["ks", "inspect", "--format", "json"], &ks));
    let file = sandbox.write("ks", &format!("{ks}\n"));
    sandbox.snapshot("ks-inspect-with-secret", &sandbox.run_as_admin(&["ks", "inspect", "--ks-file", &file]));
    let json = sandbox.run_as_admin(&["ks", "verify", "--ks-file", &file, "--format", "json"]);
    sandbox.snapshot("ks-verify-json", &json);
    sandbox.snapshot("ks-inspect-garbage", &sandbox.run_with(&["ks", "inspect"], "abc"));
}

#[test]
fn a_ks_of_another_secret_or_that_ended_is_not_valid() {
    let sandbox = Sandbox::new();
    let verify = |ks: &str| {
        let file = sandbox.write("ks", ks);
        sandbox.run_as_admin(&["ks", "verify", "--ks-file", &file])
    };
    let mint = |arguments: &[&str]| sandbox.run_as_admin(&[&["ks", "mint"], arguments].concat()).success();
    assert_eq!(verify(mint(&[]).trim()).code, Some(0));
    let ended = mint(&["--lifetime", "0s", "--v1"]);
    assert!(verify(ended.trim()).failure(1).contains("expired"));
    let mut changed = mint(&["--v1"]).trim().to_owned();
    changed.replace_range(10..11, if &changed[10..11] == "A" { "B" } else { "A" });
    assert!(verify(&changed).failure(1).contains("not valid"));
}

#[test]
fn the_server_accepts_a_minted_ks() {
    let sandbox = Sandbox::new();
    for version in [&[][..], &["--v1"]] {
        let arguments =
            [&["ks", "mint", "--type", "admin", "--user", "bob", "--privileges", "list:*"], version].concat();
        let ks = sandbox.run_as_admin(&arguments).success();
        let file = sandbox.write("ks", ks.trim());
        let parameter = format!("ks=@{file}");
        let shown = sandbox.run(&["call", "session.get", &parameter, "--as", "none"]).success();
        let about: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((&about["userId"], &about["sessionType"]), (&"bob".into(), &"2".into()));
    }
}

#[test]
fn a_v1_ks_is_readable_without_the_secret() {
    let sandbox = Sandbox::new();
    let ks = sandbox.run_as_admin(&["ks", "mint", "--v1", "--user", "bob", "--privileges", "list:*,sview:*"]).success();
    let mut command = sandbox.bare(&["ks", "inspect"]);
    command.env("KALTURA_KS", ks.trim());
    let shown = Outcome::of(command, "").success();
    assert!(shown.contains("bob") && shown.contains("list:*, sview:*") && shown.contains("not verified"), "{shown}");
}
