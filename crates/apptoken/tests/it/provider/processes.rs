//! Many processes that share one folder of sessions, over loopback HTTP and with the real clock.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use apptoken::store::{FileStore, SessionKey, SessionStore as _};
use apptoken::{Builder, Config, Endpoint, EnvSource, SessionOptions};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, FakeClock, Token};

use super::support::{DAY, credential, logins, partner, token};

const FOLDER: &str = "APPTOKEN_TEST_FOLDER";
const PROCESSES: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

fn emulator() -> (Emulator, Token) {
    let emulator = Emulator::start(Fake::builder().clock(FakeClock::running()).build()).unwrap();
    emulator.fake().add_account(apptoken_transport_fake::Account::new(partner()));
    let token = token(emulator.fake(), DAY);
    (emulator, token)
}

/// Another process of this program that runs one of the tests below.
fn process(test: &str, endpoint: &Endpoint, token: &Token, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env("KALTURA_SERVICE_URL", endpoint.as_str())
        .env("KALTURA_PARTNER_ID", partner().to_string())
        .env("KALTURA_APP_TOKEN_ID", token.id.as_str())
        .env("KALTURA_APP_TOKEN", token.secret.expose())
        .env("KALTURA_APP_TOKEN_HASH_TYPE", "SHA256")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The lines that a process prints for its test.
fn printed(child: &mut Child) -> impl Iterator<Item = String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The test harness prints its own text before.
    lines.map_while(Result::ok).filter_map(|line| line.split_once("printed: ").map(|(_, word)| word.to_owned()))
}

#[test]
fn fifty_processes_share_one_login() {
    let (emulator, token) = emulator();
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions");
    let command = || process("provider::processes::prints_its_session", emulator.endpoint(), &token, &sessions);
    let mut children: Vec<Child> = (0..PROCESSES).map(|_| command().spawn().unwrap()).collect();
    let fingerprints: Vec<String> =
        children.iter_mut().map(|child| printed(child).last().expect("a session")).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert!(fingerprints.iter().all(|fingerprint| *fingerprint == fingerprints[0]), "{fingerprints:?}");
    assert_eq!((logins(emulator.fake()), emulator.fake().journal().requests()), (1, 2));
    assert_eq!(fs::metadata(&sessions).unwrap().permissions().mode() & 0o777, 0o700);
    for file in fs::read_dir(&sessions).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
#[ignore = "a process of another test"]
fn prints_its_session() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let provider = Builder::new(Config::from_env().unwrap().endpoint)
        .provider(EnvSource)
        .store(FileStore::new(folder).unwrap())
        .build();
    println!("printed: {}", provider.session().unwrap().ks().fingerprint());
}

/// A limit of 0 bytes for each file stands for a full disk.
#[test]
fn a_full_disk_costs_a_login_and_leaves_no_half_written_file() {
    let (emulator, token) = emulator();
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions");
    let asking = process("provider::processes::prints_its_session", emulator.endpoint(), &token, &sessions);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]).arg(asking.get_program());
    limited.args(asking.get_args()).stdout(Stdio::piped()).stderr(Stdio::null());
    limited.envs(asking.get_envs().filter_map(|(name, value)| Some((name, value?))));
    for logins_by_then in 1..=2 {
        let mut child = limited.spawn().unwrap();
        assert!(printed(&mut child).last().is_some(), "a session");
        assert!(child.wait().unwrap().success());
        assert_eq!(logins(emulator.fake()), logins_by_then);
        let left: Vec<_> = fs::read_dir(&sessions).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.len() == 1 && left[0].to_str().unwrap().ends_with(".lock"), "{left:?}");
    }
}

#[test]
fn a_killed_process_leaves_a_whole_file_and_no_lock() {
    let (emulator, token) = emulator();
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions");
    let command = |test: &str| process(test, emulator.endpoint(), &token, &sessions);
    let first = command("provider::processes::prints_its_session").status().unwrap();
    assert!(first.success());
    let store = FileStore::new(&sessions).unwrap();
    let key = SessionKey::new(emulator.endpoint(), &credential(&token), SessionOptions::default());
    let stored = store.load(&key).unwrap().unwrap();
    for kills in 0..40 {
        let mut writer = command("provider::processes::writes_repeatedly").spawn().unwrap();
        // It is killed during its n-th write.
        assert!(printed(&mut writer).nth(kills % 8).is_some());
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert_eq!(store.load(&key).unwrap().expect("the file is there").expose(), stored.expose());
        store
            .renew_exclusively(&key, PATIENCE, &mut |stored| stored)
            .expect("the lock is free, and leftover files are no obstacle");
    }
    let left: Vec<_> = fs::read_dir(&sessions).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "a session and its lock: {left:?}");
}

#[test]
#[ignore = "a process of another test"]
fn writes_repeatedly() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let Config { endpoint, credential, .. } = Config::from_env().unwrap();
    let store = FileStore::new(folder).unwrap();
    let key = SessionKey::new(&endpoint, &credential, SessionOptions::default());
    loop {
        println!("printed: writing");
        store.renew_exclusively(&key, PATIENCE, &mut |stored| Some(stored.expect("a stored session"))).unwrap();
    }
}
