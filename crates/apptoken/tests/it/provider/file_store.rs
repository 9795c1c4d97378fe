//! Sessions in files, in a folder that other users or processes change.
#![cfg(unix)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use apptoken::store::{FileStore, SessionStore as _, StoreErrorKind};
use apptoken::{CredentialSource as _, FileSource, Provider, RetryPolicy};
use apptoken_transport_fake::{Fake, Fault, FaultKind, Token};

use super::stores::{Folder, PATIENCE, key, mode};
use super::support::{DAY, HOUR, Notes, START, credential, endpoint, logins, partner, requests_to, token};

struct Setup {
    fake: Fake,
    folder: Folder,
    notes: Notes,
    token: Token,
}

impl Setup {
    /// A setup with a session in the store.
    fn new() -> Self {
        let fake = Fake::new();
        let token = token(&fake, DAY);
        let setup = Self { fake, folder: Folder::new(), notes: Notes::default(), token };
        setup.provider().session().unwrap();
        setup.notes.take();
        setup
    }

    fn provider(&self) -> Provider {
        // Patience counts in real time.
        let builder = requests_to(&self.fake).retry(RetryPolicy::none()).request_timeout(Duration::from_millis(1));
        builder.provider(credential(&self.token)).store(self.folder.store()).observer(self.notes.clone()).build()
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.file().with_extension(kind)
    }

    fn assert_outside_file_is_unchanged(&self) {
        let text = fs::read_to_string(self.folder.path().with_file_name("outside_file"));
        assert!(text.is_err() || text.is_ok_and(|text| text == "precious"));
    }

    fn load_error(&self) -> StoreErrorKind {
        self.folder.store().load(&key(&self.token)).unwrap_err().kind()
    }
}

/// Its name, and a function that creates it.
type Impostor = (&'static str, fn(&Path));

/// All kinds of entries that can be in the place of a file without being a file of the store.
fn impostors() -> [Impostor; 5] {
    [
        ("link", |path| symlink(outside_file(path), path).unwrap()),
        ("pipe", |path| assert!(Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success())),
        ("socket", |path| drop(UnixListener::bind(path).unwrap())),
        ("folder", |path| fs::create_dir(path).unwrap()),
        ("second name", |path| fs::hard_link(outside_file(path), path).unwrap()),
    ]
}

/// A file of the user outside the store's folder.
fn outside_file(path: &Path) -> PathBuf {
    let file = path.parent().unwrap().parent().unwrap().join("outside_file");
    fs::write(&file, "precious").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

#[test]
fn an_impostor_of_a_session_file_is_not_read() {
    for (what, put) in impostors() {
        let setup = Setup::new();
        let path = setup.file("session");
        fs::remove_file(&path).unwrap();
        put(&path);
        assert_eq!(setup.load_error(), StoreErrorKind::NotOurFile, "{what}");
        assert!(setup.provider().session().is_ok());
        assert_eq!(logins(&setup.fake), 2, "{what}");
        let reported = setup.notes.take();
        assert!(reported[1].contains("this is not a file of the store"), "{what}: {reported:?}");
        let replaced = fs::symlink_metadata(&path).unwrap().is_file();
        assert_eq!(replaced, what != "folder", "{what}");
        setup.assert_outside_file_is_unchanged();
    }
}

#[test]
fn an_impostor_of_a_lock_file_is_an_error_at_once() {
    for (what, put) in impostors() {
        let setup = Setup::new();
        let path = setup.file("lock");
        fs::remove_file(&path).unwrap();
        put(&path);
        let locked = setup.folder.store().renew_exclusively(&key(&setup.token), PATIENCE, &mut |kept| kept);
        assert_eq!(locked.unwrap_err().kind(), StoreErrorKind::NotOurFile, "{what}");
        setup.assert_outside_file_is_unchanged();
    }
}

#[test]
fn an_impostor_of_a_new_file_is_not_written_to() {
    for (what, put) in impostors() {
        let setup = Setup::new();
        put(&setup.file("new"));
        let written = setup.folder.store().renew_exclusively(&key(&setup.token), PATIENCE, &mut |kept| kept);
        match written {
            Ok(()) => assert!(!setup.file("new").exists() && what != "folder"),
            Err(error) => assert_eq!((error.kind(), what), (StoreErrorKind::NotOurFile, "folder")),
        }
        assert!(setup.folder.store().load(&key(&setup.token)).unwrap().is_some());
        setup.assert_outside_file_is_unchanged();
    }
}

#[test]
fn a_half_written_file_is_removed_by_the_next_writer() {
    let setup = Setup::new();
    let half = setup.file("new");
    fs::write(&half, "{\"format\":").unwrap();
    setup.folder.store().renew_exclusively(&key(&setup.token), PATIENCE, &mut |kept| kept).unwrap();
    assert!(!half.exists());
    assert_eq!(mode(&setup.file("session")), 0o600);
}

#[test]
fn files_of_a_killed_process_are_removed_by_the_next_renewal() {
    let setup = Setup::new();
    let stem = setup.folder.path().join("101-0_gone-0123456789abcdef.v2.new");
    fs::write(&stem, "{\"format\":").unwrap();
    let other = setup.folder.path().join("notes.txt");
    fs::write(&other, "not the store's").unwrap();
    setup.fake.clock().advance(DAY);
    setup.provider().session().unwrap();
    let left: Vec<_> = fs::read_dir(setup.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 3, "a session, its lock and a file of another program: {left:?}");
    assert!(other.exists());
}

#[test]
fn a_session_is_not_removed_while_its_lock_is_held() {
    let setup = Setup::new();
    let lock = File::open(setup.file("lock")).unwrap();
    lock.lock().unwrap();
    let later = apptoken::UnixSeconds(setup.fake.clock().time().0 + 2 * 86_400);
    setup.folder.store().remove_ended(later).unwrap();
    assert!(setup.file("session").exists());
    drop(lock);
    setup.folder.store().remove_ended(later).unwrap();
    assert_eq!(fs::read_dir(setup.folder.path()).unwrap().count(), 0);
}

#[test]
fn expired_sessions_are_searched_once_an_hour() {
    let setup = Setup::new();
    let (store, now) = (setup.folder.store(), setup.fake.clock().time().0);
    let ended = |hours: i64| apptoken::UnixSeconds(now + 2 * 86_400 + hours * 3600);
    store.remove_ended(ended(0)).unwrap();
    let leftover = setup.folder.path().join("101-0_gone-0123456789abcdef.v2.new");
    fs::write(&leftover, "{").unwrap();
    fs::set_permissions(&leftover, Permissions::from_mode(0o600)).unwrap();
    store.remove_ended(apptoken::UnixSeconds(ended(1).0 - 1)).unwrap();
    assert!(leftover.exists());
    store.remove_ended(ended(1)).unwrap();
    assert!(!leftover.exists());
}

#[test]
fn a_process_that_hangs_with_the_lock_does_not_prevent_logins() {
    let setup = Setup::new();
    let hanging = File::open(setup.file("lock")).unwrap();
    hanging.lock().unwrap();
    setup.fake.clock().advance(DAY);
    assert!(setup.provider().session().is_ok());
    assert_eq!(logins(&setup.fake), 2);
    let reported = setup.notes.take();
    assert!(reported[1].contains("another caller is renewing the session and did not finish"), "{reported:?}");
}

#[test]
fn a_folder_whose_parent_others_can_write_to_is_refused() {
    for (mode_of_parent, is_refused) in
        [(0o775, true), (0o757, true), (0o777, true), (0o1777, false), (0o1775, false), (0o755, false), (0o700, false)]
    {
        let root = tempfile::tempdir().unwrap();
        let parent = root.path().join("parent");
        fs::create_dir(&parent).unwrap();
        fs::set_permissions(&parent, Permissions::from_mode(mode_of_parent)).unwrap();
        let below = parent.join("deep").join("sessions");
        let error = FileStore::new(&below).err();
        assert_eq!(error.as_ref().map(|error| error.kind()), is_refused.then_some(StoreErrorKind::ExposedParent));
        assert_eq!(below.exists(), !is_refused, "{mode_of_parent:o}");
        if let Some(error) = error {
            assert_eq!(error.path(), Some(parent.to_str().unwrap()));
            assert!(error.to_string().contains("chmod go-w"), "{error}");
        }
    }
}

#[test]
fn a_link_to_a_folder_is_followed_and_its_target_checked() {
    let root = tempfile::tempdir().unwrap();
    let open = root.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    fs::create_dir(open.join("inside")).unwrap();
    symlink(open.join("inside"), root.path().join("link")).unwrap();
    let error = FileStore::new(root.path().join("link").join("sessions")).unwrap_err();
    assert_eq!((error.kind(), error.path()), (StoreErrorKind::ExposedParent, open.to_str()));
}

#[test]
fn an_exposed_credentials_file_is_reported_once_per_change() {
    let (fake, notes, folder) = (Fake::new(), Notes::default(), tempfile::tempdir().unwrap());
    let token = token(&fake, HOUR);
    let path = folder.path().join("kaltura.env");
    let text = format!(
        "KALTURA_SERVICE_URL={}\nKALTURA_PARTNER_ID={}\nKALTURA_APP_TOKEN_ID={}\nKALTURA_APP_TOKEN={}\nKALTURA_APP_TOKEN_HASH_TYPE=SHA256\n",
        endpoint().as_str(),
        partner(),
        token.id,
        token.secret.expose()
    );
    fs::write(&path, text).unwrap();
    let set_mode = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    let source = FileSource::new(&path);
    let builder = requests_to(&fake).provider(source);
    let provider = builder.observer(notes.clone()).build();
    fake.inject(Fault::on(START, FaultKind::ApiError("APP_TOKEN_NOT_ACTIVE".into())));
    for (mode, warnings) in [(0o640, 1), (0o644, 0), (0o600, 0), (0o604, 1), (0o400, 0)] {
        set_mode(mode);
        // The source is read again after a refusal.
        provider.session().unwrap_err();
        let reported = notes.take().into_iter().filter(|note| note.contains("kaltura.env contains an app token"));
        assert_eq!(reported.count(), warnings, "{mode:o}");
        fake.clock().advance(Duration::from_secs(600));
    }
}

/// A mounted Kubernetes secret has links to files of mode 0644.
#[test]
fn an_exposed_file_behind_a_link_is_one_event_and_no_error() {
    let (fake, notes, folder) = (Fake::new(), Notes::default(), tempfile::tempdir().unwrap());
    let token = token(&fake, HOUR);
    let data = folder.path().join("..data");
    fs::create_dir(&data).unwrap();
    for (name, value) in [
        ("KALTURA_SERVICE_URL", endpoint().to_string()),
        ("KALTURA_PARTNER_ID", partner().to_string()),
        ("KALTURA_APP_TOKEN_ID", token.id.to_string()),
        ("KALTURA_APP_TOKEN", token.secret.expose().to_owned()),
        ("KALTURA_APP_TOKEN_HASH_TYPE", "SHA256".to_owned()),
    ] {
        fs::write(data.join(name), value).unwrap();
        fs::set_permissions(data.join(name), Permissions::from_mode(0o644)).unwrap();
        symlink(data.join(name), folder.path().join(name)).unwrap();
    }
    let builder = requests_to(&fake).provider(FileSource::folder(folder.path()));
    let provider = builder.observer(notes.clone()).build();
    for _ in 0..3 {
        provider.session().unwrap();
        fake.clock().advance(HOUR);
    }
    let reported = notes.take().into_iter().filter(|note| note.contains("KALTURA_APP_TOKEN contains an app token"));
    assert_eq!((reported.count(), logins(&fake)), (1, 3));
}

/// As on a read-only file system, also for a test that runs as root.
#[test]
fn a_folder_that_cannot_be_created_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.join("sessions"), PathBuf::from("/proc/sessions")] {
        let error = FileStore::new(&path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
    }
}

#[test]
fn a_source_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    folder.store();
    let file = folder.path().join("credentials");
    fs::write(&file, "").unwrap();
    let below_a_file = file.join("credentials");
    let error = FileSource::new(&below_a_file).credential().unwrap_err();
    assert!(error.to_string().contains(&*below_a_file.to_string_lossy()), "{error}");
    let missing = folder.path().join("missing");
    assert!(FileSource::new(&missing).credential().unwrap_err().to_string().contains("does not exist"));
}
