use serde_json::{Value, json};

use crate::sandbox::{Outcome, Sandbox};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn results_are_as_recorded() {
    let sandbox = Sandbox::new();
    for (name, arguments) in [
        ("call-ping", vec!["call", "system.ping"]),
        ("call-user-get", vec!["call", "user.get", "--select", "id,partnerId"]),
        ("call-unknown-action", vec!["call", "session.nothing"]),
        ("call-forbidden", vec!["call", "userRole.list"]),
        ("call-missing-parameter", vec!["call", "appToken.get"]),
        ("call-wrong-name", vec!["call", "session/get"]),
        ("call-secret-parameter", vec!["call", "session.start", "partnerId:=101", "secret=0123456789abcdef"]),
        ("call-without-value", vec!["call", "user.get", "userId"]),
        ("call-dry-run", vec!["call", "user.add", "user:id=bob", "user:roleIds:=[1,2]", "--dry-run"]),
    ] {
        sandbox.snapshot(name, &sandbox.run(&arguments));
    }
}

#[test]
fn nested_names_and_json_reach_the_server() {
    let sandbox = Sandbox::new();
    let arguments =
        ["call", "user.add", "user:id=bob", "user:screenName=Bob = B", "--as", "admin", "--select", "screenName"];
    assert_eq!(sandbox.run_as_admin(&arguments).success(), "Bob = B\n");
}

#[test]
fn a_value_can_come_from_a_file_or_standard_input() {
    let sandbox = Sandbox::new();
    let secret = sandbox.admin_secret_file();
    let parameter = format!("secret=@{secret}");
    let arguments = ["call", "session.start", "partnerId:=101", "type:=2", &parameter, "--as", "none"];
    let ks: Value = serde_json::from_str(&sandbox.run(&arguments).success()).unwrap();
    assert!(ks.as_str().unwrap().len() > 60);
    let arguments = ["call", "session.start", "partnerId:=101", "type:=2", "secret=@-", "--as", "none"];
    let text = std::fs::read_to_string(secret).unwrap();
    assert!(sandbox.run_with(&arguments, &format!("{text}\n")).success().len() > 60);
}

#[test]
fn each_authority_has_its_own_session() {
    let sandbox = Sandbox::new();
    let who = |authority: &str, action: &str, field: &str| {
        let outcome = sandbox.run_as_admin(&["call", action, "--as", authority, "--select", field]);
        outcome.success()
    };
    assert_eq!(who("token", "user.get", "id"), "alice\n");
    assert_eq!(who("admin", "session.get", "sessionType"), "2\n");
    assert_eq!(who("widget", "system.ping", "nothing"), "");
    assert_eq!(sandbox.fake().journal().count("session.startWidgetSession"), 2);
    let stderr = sandbox.run(&["call", "user.get", "--as", "admin"]).failure(5);
    assert!(stderr.contains("admin secret is missing"), "{stderr}");
}

#[test]
fn all_pages_of_a_list_are_json_lines() {
    let sandbox = Sandbox::new();
    for number in 0..505 {
        let spec = apptoken_transport_fake::TokenSpec::new(apptoken::HashType::Sha1).user(&format!("user{number}"));
        let _ = sandbox.fake().add_token(sandbox.token.partner, spec);
    }
    let outcome =
        sandbox.run_as_admin(&["call", "appToken.list", "--as", "admin", "--paginate", "--select", "objects.id"]);
    // Progress is for terminals.
    assert_eq!(outcome.stderr, "");
    let ids: std::collections::BTreeSet<_> = outcome.stdout.lines().map(str::to_owned).collect();
    assert_eq!((ids.len(), outcome.stdout.lines().count()), (506, 506));
    assert_eq!(sandbox.fake().journal().count("appToken.list"), 2);
    let stderr = sandbox.run_as_admin(&["call", "session.get", "--as", "admin", "--paginate"]).failure(1);
    assert!(stderr.contains("no pages"), "{stderr}");
}

#[test]
fn a_batch_has_a_line_for_each_call_in_order() {
    let sandbox = Sandbox::new();
    let calls: String = (0..120)
        .map(|number| match number % 3 {
            0 => "{\"service\":\"system\",\"action\":\"ping\"}\n".to_owned(),
            1 => "{\"service\":\"user\",\"action\":\"get\"}\n\n".to_owned(),
            _ => format!("{{\"service\":\"appToken\",\"action\":\"get\",\"id\":\"0_{number:08}\"}}\n"),
        })
        .collect();
    let outcome = sandbox.run_with(&["call", "--batch"], &calls);
    let results = lines(&outcome.stdout);
    assert_eq!((results.len(), outcome.code), (120, Some(3)));
    for (number, result) in results.iter().enumerate() {
        match number % 3 {
            0 => assert_eq!(*result, json!({"result": true})),
            1 => assert_eq!(result["result"]["id"], "alice"),
            _ => assert!(result["error"]["code"].is_string(), "{result}"),
        }
    }
    // The login takes two requests, 120 calls take three.
    assert_eq!(sandbox.emulator.counts().requests, 5);
}

#[test]
fn a_wrong_line_of_a_batch_is_named_and_not_shown() {
    let sandbox = Sandbox::new();
    let stderr = sandbox.run_with(&["call", "--batch"], "{\"service\":\"a\"}\n").failure(2);
    assert!(stderr.contains("line 1"), "{stderr}");
    let stderr =
        sandbox.run_with(&["call", "--batch"], "{\"service\":\"session\",\"action\":\"get\", S3CRET\n").failure(2);
    assert!(!stderr.contains("S3CRET"), "{stderr}");
}

/// The server's clock went ahead, so it refuses a session that this machine takes for valid.
#[test]
fn an_expired_cached_session_is_replaced_during_the_call() {
    let sandbox = Sandbox::new();
    let first = sandbox.login();
    sandbox.fake().clock().advance(std::time::Duration::from_secs(90_000));
    sandbox.run(&["call", "user.get"]).success();
    assert_ne!(sandbox.login(), first);
}

/// A dry run needs no secret, and shows none.
#[test]
fn a_dry_run_sends_nothing_and_shows_no_secret() {
    let sandbox = Sandbox::new();
    let password = sandbox.write("password", "hunter2-hunter2");
    let arguments =
        ["call", "user.login", "userId=a", &format!("password=@{password}"), &format!("note=@{password}"), "--dry-run"];
    let shown = sandbox.run(&arguments).success();
    assert!(shown.contains("\"ks\": \"[redacted]\"") && shown.contains("\"password\": \"[redacted]\""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(sandbox.emulator.counts().requests, 0);
    let mut bare = sandbox.bare(&["call", "media.list", "--dry-run"]);
    bare.env("KALTURA_SERVICE_URL", "https://www.kaltura.com");
    assert!(
        Outcome::of(bare, "").success().starts_with("POST https://www.kaltura.com/api_v3/service/media/action/list")
    );
}
