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
fn the_end_tells_that_the_state_could_not_be_saved() {
    let folder = TempDir::new().unwrap();
    let emulator = start(&folder.path().join("state.json"));
    let _ = emulator.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    folder.close().unwrap();
    assert!(emulator.stop().unwrap_err().to_string().contains("state.json"));
}
