//! The state file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use apptoken_core::{HashType, PartnerId};
use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::{Fake, TokenSpec};
use tempfile::TempDir;

use crate::client::Client;
use crate::life::PING;

fn start(file: &Path) -> Emulator {
    Options::new().state_file(file).start(Fake::new()).unwrap()
}

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

#[test]
fn tokens_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let emulator = start(&file);
    let token = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha256));
    emulator.stop().unwrap();

    let emulator = start(&file);
    let ids: Vec<_> = emulator.fake().tokens(partner()).into_iter().map(|token| token.id).collect();
    assert_eq!(ids, [token.id]);
    drop(emulator);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["state.json"]);
}

#[test]
fn dropping_saves_the_state() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let emulator = start(&file);
    let _ = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Md5));
    let state = emulator.fake().snapshot();
    drop(emulator);
    assert_eq!(fs::read_to_string(&file).unwrap(), state);
}

#[test]
fn changes_are_saved_while_it_runs() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let emulator = start(&file);
    let token = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    Client::connect(&emulator).get(PING);
    while !fs::read_to_string(&file).unwrap().contains(token.id.as_str()) {
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    use std::os::unix::fs::PermissionsExt;

    start(&file).stop().unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_unusable_state_file_is_named_and_unchanged() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    fs::write(&file, "{\"seed\":").unwrap();
    let error = Options::new().state_file(&file).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("line 1"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"seed\":");
}

#[test]
fn a_missing_directory_is_reported_at_the_start() {
    let folder = TempDir::new().unwrap();
    let error = Options::new().state_file(folder.path().join("no/state.json")).start(Fake::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no/state.json"), "{error}");
}

#[test]
fn a_second_emulator_cannot_use_the_state_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let first = start(&file);
    let error = Options::new().state_file(&file).start(Fake::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    assert!(error.to_string().contains("state.json") && error.to_string().contains("another process"), "{error}");
    first.stop().unwrap();
    start(&file).stop().unwrap();
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_and_kept() {
    let folder = TempDir::new().unwrap();
    let (file, link) = (folder.path().join("state.json"), folder.path().join("link.json"));
    start(&file).stop().unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let emulator = start(&link);
    let token = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    // Both names refer to the same file.
    assert!(Options::new().state_file(&file).start(Fake::new()).is_err());
    emulator.stop().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().contains(token.id.as_str()));
}

#[cfg(unix)]
#[test]
fn a_state_file_must_be_a_regular_file() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &dangling).unwrap();
    for (path, expected) in [
        (folder.path(), "a directory"),
        (&pipe, "a pipe, a socket or a device"),
        (Path::new("/dev/full"), "a pipe, a socket or a device"),
        (&dangling, "a symbolic link to a file that does not exist"),
    ] {
        let error = Options::new().state_file(path).start(Fake::new()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn files_of_a_killed_process_are_removed() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let other = folder.path().join("other");
    fs::write(&other, "mine").unwrap();
    // An incomplete state, or a link that another user created.
    std::os::unix::fs::symlink(&other, folder.path().join("state.json.new")).unwrap();
    fs::write(folder.path().join("state.json.lock"), "").unwrap();
    start(&file).stop().unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["other", "state.json"]);
}

#[test]
fn a_state_file_with_account_0_is_rejected() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let state = Fake::new().snapshot().replace("\"id\":101,", "\"id\":0,");
    fs::write(&file, &state).unwrap();
    let error = Options::new().state_file(&file).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("expected an account id"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), state);
}

#[test]
fn a_state_that_cannot_be_saved_is_reported_at_once() {
    let folder = TempDir::new().unwrap();
    let (report, reported) = std::sync::mpsc::channel();
    let options = Options::new().state_file(folder.path().join("state.json"));
    let options = options.on_save_failure(move |why| drop(report.send(why.to_string())));
    let emulator = options.start(Fake::new()).unwrap();
    folder.close().unwrap();
    Client::connect(&emulator).get(PING);
    assert!(reported.recv().unwrap().contains("state.json cannot be written"));
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
    assert!(emulator.stop().is_err());
}

#[test]
fn stopping_reports_that_the_state_was_not_saved() {
    let folder = TempDir::new().unwrap();
    let emulator = start(&folder.path().join("state.json"));
    let _ = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    folder.close().unwrap();
    assert!(emulator.stop().unwrap_err().to_string().contains("state.json"));
}
