//! State that survives a restart.

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
fn dropping_saves_too() {
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
fn a_file_that_cannot_be_used_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    fs::write(&file, "{\"seed\":").unwrap();
    let error = Options::new().state_file(&file).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("line 1"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"seed\":");
}

#[test]
fn a_folder_that_is_not_there_is_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let error = Options::new().state_file(folder.path().join("no/state.json")).start(Fake::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no/state.json"), "{error}");
}

#[test]
fn a_second_emulator_does_not_get_the_file() {
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
fn a_link_is_followed_and_stays() {
    let folder = TempDir::new().unwrap();
    let (file, link) = (folder.path().join("state.json"), folder.path().join("link.json"));
    start(&file).stop().unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let emulator = start(&link);
    let token = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    // By whichever name: it is one file.
    assert!(Options::new().state_file(&file).start(Fake::new()).is_err());
    emulator.stop().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().contains(token.id.as_str()));
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &dangling).unwrap();
    for (path, expected) in [
        (folder.path(), "a folder"),
        (&pipe, "a pipe, a socket or a device"),
        (Path::new("/dev/full"), "a pipe, a socket or a device"),
        (&dangling, "a link that leads to no file"),
    ] {
        let error = Options::new().state_file(path).start(Fake::new()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn what_a_killed_process_left_behind_is_cleaned_up() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let other = folder.path().join("other");
    fs::write(&other, "mine").unwrap();
    // Half a state, or a link that somebody put there.
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
fn a_state_file_with_an_account_0_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let state = Fake::new().snapshot().replace("\"id\":101,", "\"id\":0,");
    fs::write(&file, &state).unwrap();
    let error = Options::new().state_file(&file).start(Fake::new()).unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("expected the id of an account"), "{error}");
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
fn the_end_tells_that_the_state_could_not_be_saved() {
    let folder = TempDir::new().unwrap();
    let emulator = start(&folder.path().join("state.json"));
    let _ = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    folder.close().unwrap();
    assert!(emulator.stop().unwrap_err().to_string().contains("state.json"));
}
