//! The quickstart prints each step of the login, and no secret.

use std::process::Command;

#[test]
fn the_quickstart_shows_each_step_and_no_secret() {
    // Cargo builds the examples into the same directory as the tests of their package.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("examples/quickstart{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");

    let mut rest = &*text;
    for expected in [
        "session.startWidgetSession\n",
        "  widgetId           \"_101\"\n",
        "hash\n  type               SHA256\n",
        "64 hex digits [redacted]",
        "appToken.startSession\n",
        "  tokenHash          [redacted]\n",
        "  ks                 [redacted]\n",
        "session\n  ks                 Ks([redacted] ",
        "  user               alice\n",
        "list:*",
        "  lifetime           1 hour\n",
        "  changed            lifetime: 8 hours requested, 1 hour granted\n",
        "  changed            privileges: edit:1_ab12cd34 not granted\n",
        "cargo run --example login",
    ] {
        let found = rest.find(expected).unwrap_or_else(|| panic!("{expected:?} is not in:\n{rest}"));
        rest = &rest[found + expected.len()..];
    }
    let long_word = text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| word.len() >= 32);
    assert_eq!(long_word, None, "{text}");
}
