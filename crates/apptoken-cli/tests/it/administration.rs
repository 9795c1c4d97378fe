use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use apptoken::{HashType, SessionType, UnixSeconds};
use apptoken_transport_fake::TokenSpec;
use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

fn json(outcome: Outcome) -> Value {
    serde_json::from_str(&outcome.success()).unwrap()
}

#[test]
fn tokens_are_added_shown_changed_and_deleted() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| sandbox.run_as_admin(arguments);
    let added = json(run(&["token", "add", "--user", "bob", "--privileges", "list:*", "--format", "json"]));
    let (id, value) = (added["id"].as_str().unwrap(), added["token"].as_str().unwrap());
    for (name, arguments) in [
        ("token-list", vec!["token", "list"]),
        ("token-list-json", vec!["token", "list", "--format", "json", "--user", "bob"]),
        ("token-get", vec!["token", "get", id]),
        ("token-get-json", vec!["token", "get", id, "--format", "json"]),
        (
            "token-update",
            vec!["token", "update", id, "--description", "Bob's", "--expires-in", "30d", "--hash-type", "sha512"],
        ),
        ("token-update-nothing", vec!["token", "update", id]),
        ("token-audit", vec!["token", "audit"]),
        ("token-audit-json", vec!["token", "audit", "--format", "json"]),
    ] {
        let outcome = run(&arguments);
        assert!(!outcome.stdout.contains(value), "{name}");
        sandbox.snapshot(name, &outcome);
    }
    for arguments in [vec!["token", "get", id, "--reveal"], vec!["token", "list", "--reveal"]] {
        assert!(run(&arguments).success().contains(value));
    }
    let stderr = run(&["token", "delete", id]).failure(2);
    assert!(stderr.contains("--yes"), "{stderr}");
    sandbox.snapshot("token-delete", &run(&["token", "delete", id, "--yes"]));
    sandbox.snapshot("token-delete-again", &run(&["token", "delete", id, "--yes"]));
}

#[test]
fn a_new_token_is_shown_once_with_its_value() {
    let sandbox = Sandbox::new();
    sandbox.snapshot("token-add", &sandbox.run_as_admin(&["token", "add", "--user", "bob"]));
}

#[test]
fn a_rotated_token_has_a_successor_that_works() {
    let sandbox = Sandbox::new();
    let old = sandbox.token.id.to_string();
    let file = sandbox.path("next.env").display().to_string();
    sandbox.snapshot("token-rotate", &sandbox.run_as_admin(&["token", "rotate", &old, "--keep-old", "--to", &file]));
    let login = Outcome::of(sandbox.bare(&["login", "--credentials", &file]), "");
    assert!(!login.success().is_empty());
    let stderr = sandbox.run_as_admin(&["token", "rotate", &old, "--delete-after", "0s"]).failure(2);
    assert!(stderr.contains("--yes"), "{stderr}");
    sandbox.run_as_admin(&["token", "rotate", &old, "--delete-after", "0s", "--yes"]).success();
    assert!(sandbox.run_as_admin(&["token", "get", &old]).failure(3).contains("APP_TOKEN_ID_NOT_FOUND"));
}

#[test]
fn a_successor_can_have_another_hash_type() {
    let sandbox = Sandbox::new();
    let (old, file) = (sandbox.token.id.to_string(), sandbox.path("next.env").display().to_string());
    let rotate = ["token", "rotate", &old, "--keep-old", "--to", &file, "--hash-type"];
    sandbox.run_as_admin(&[&rotate[..], &["sha512"]].concat()).success();
    assert!(fs::read_to_string(&file).unwrap().contains("KALTURA_APP_TOKEN_HASH_TYPE=SHA512"));
    let stderr = sandbox.run_as_admin(&[&rotate[..], &["md5"]].concat()).failure(1);
    assert!(stderr.contains("has the hash type SHA512, not MD5"), "{stderr}");
}

#[test]
fn an_audit_without_a_finding_ends_with_0() {
    let now = apptoken_transport_fake::FakeClock::running().time();
    let spec = TokenSpec::new(HashType::Sha256).user("alice").session_type(SessionType::User);
    let day = Duration::from_secs(86_400);
    let sandbox = Sandbox::with_token(spec.duration(day).expires_at(UnixSeconds(now.0 + 100 * 86_400)));
    assert!(sandbox.run_as_admin(&["token", "audit"]).success().contains("ok"));
    let outcome = sandbox.run_as_admin(&["token", "audit", "--expiring-within", "200d"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(1), ""));
}

#[test]
fn a_provisioned_program_can_log_in() {
    let sandbox = Sandbox::new();
    let provision = |arguments: &[&str]| {
        let common = ["provision", "importer", "--user", "importer@example.org"];
        sandbox.run_as_admin(&[&common, arguments].concat())
    };
    let role =
        ["--role", "Importer", "--permission", "BASE_USER_SESSION_PERMISSION", "--permission", "CONTENT_INGEST_BASE"];
    sandbox.snapshot("provision", &provision(&role));
    // Again: what exists stays.
    let file = sandbox.path("importer.env");
    let again = provision(&[&role[..], &["--to", file.to_str().unwrap(), "--format", "json"]].concat());
    assert!(json(again).get("token").is_none(), "the value is in the file only");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let credentials = file.display().to_string();
    let about = Outcome::of(sandbox.bare(&["call", "user.get", "--select", "id", "--credentials", &credentials]), "");
    assert_eq!(about.success(), "importer@example.org\n");
    assert_eq!(sandbox.fake().tokens(sandbox.token.partner).len(), 2);
    // What differs is not changed silently.
    sandbox.snapshot("provision-conflict", &provision(&["--privileges", "list:*"]));
}

#[test]
fn the_hand_over_has_the_form_that_its_reader_expects() {
    let sandbox = Sandbox::new();
    let secret = |form: &str| {
        let path = sandbox.path(form);
        let arguments = ["provision", "importer", "--user", "importer", "--to", path.to_str().unwrap(), "--form", form];
        sandbox.run_as_admin(&arguments).success();
        let text = fs::read_to_string(path).unwrap();
        let value = text
            .lines()
            .find(|line| line.contains("KALTURA_APP_TOKEN:") || line.contains("KALTURA_APP_TOKEN="))
            .unwrap();
        let value = value.rsplit(['=', ' ']).next().unwrap().trim_matches(['\'', '"']).to_owned();
        (text, value)
    };
    for form in ["credentials", "env", "kubernetes"] {
        let (text, value) = secret(form);
        assert_eq!(value.len(), 32, "{text}");
        let text = text.replace(&value, "[VALUE]");
        sandbox.snapshot(&format!("hand-over-{form}"), &Outcome { stdout: text, stderr: String::new(), code: Some(0) });
    }
}

#[test]
fn users_and_roles_are_added_changed_and_deleted() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| sandbox.run_as_admin(arguments);
    let added = run(&["role", "add", "Importer", "--permission", "BASE_USER_SESSION_PERMISSION", "--format", "json"]);
    let role = json(added)["id"].to_string();
    for (name, arguments) in [
        ("role-get", vec!["role", "get", &*role]),
        ("role-list", vec!["role", "list"]),
        (
            "role-update",
            vec!["role", "update", &*role, "--name", "Loader", "--permission", "BASE_USER_SESSION_PERMISSION"],
        ),
        ("user-add", vec!["user", "add", "bob", "--email", "bob@example.org", "--role-id", &*role]),
        ("user-get-json", vec!["user", "get", "bob", "--format", "json"]),
        ("user-update", vec!["user", "update", "bob", "--screen-name", "Bob"]),
        ("user-list", vec!["user", "list"]),
        ("user-delete-unconfirmed", vec!["user", "delete", "bob"]),
        ("user-delete", vec!["user", "delete", "bob", "--yes"]),
        ("role-delete", vec!["role", "delete", &*role, "--yes"]),
        ("user-unknown", vec!["user", "get", "nobody"]),
    ] {
        sandbox.snapshot(name, &run(&arguments));
    }
}

/// An administrator's session, or the token's own, where there is no admin secret.
#[test]
fn administration_needs_no_admin_secret_if_a_session_may_do_it() {
    let sandbox = Sandbox::new();
    let stderr = sandbox.run(&["token", "list"]).failure(3);
    assert!(stderr.contains("SERVICE_FORBIDDEN"), "{stderr}");
    let ks = sandbox.fake().admin_session(sandbox.token.partner).unwrap();
    let file = sandbox.write("admin.ks", ks.expose());
    assert!(sandbox.run(&["token", "list", "--admin-ks-file", &file]).success().contains(sandbox.token.id.as_str()));
    let admin =
        apptoken_transport_fake::TokenSpec::new(apptoken::HashType::Sha256).session_type(apptoken::SessionType::Admin);
    let sandbox = Sandbox::with_token(admin);
    assert!(sandbox.run(&["token", "list"]).success().contains(sandbox.token.id.as_str()));
}
