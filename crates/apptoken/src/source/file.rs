//! A file or a folder as a source.

use std::fmt;
use std::fs::{File, Metadata};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use apptoken_core::{Credential, Error};
use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use super::{CredentialSource, SourceWarning, exposed};
use crate::config::{Config, Settings, open, text_of, unreadable, value_in};

/// A file or a folder as a source.
///
/// The variables of [`Config::from_env`] are lines `NAME=value` of one [file](Self::new), or files of one
/// [folder](Self::folder). The text is wiped from memory after use. Links are followed. Only the owner should be able to read
/// the app token; otherwise the provider reports a [`SourceWarning`] and uses it.
///
/// # Examples
///
/// ```no_run
/// use apptoken::FileSource;
///
/// let source = FileSource::new("/etc/importer/kaltura.env");
/// let endpoint = source.config()?.endpoint;
/// # let _ = endpoint;
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone)]
pub struct FileSource {
    path: PathBuf,
    form: Form,
    last: Arc<ArcSwapOption<ReadFile>>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Folder,
}

/// What a file contained.
struct ReadFile {
    version: FileVersion,
    credential: Credential,
}

/// What distinguishes two contents of a path without reading them.
#[derive(PartialEq, Eq)]
struct FileVersion {
    len: u64,
    modified: Option<SystemTime>,
    /// The device and the number of the file, and when its content, mode or name changed.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

/// File systems record times in steps of up to 2 s, and a file server's clock can differ.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

impl FileVersion {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a later change has another time for certain.
    fn is_settled(&self, now: SystemTime) -> bool {
        self.modified.and_then(|modified| now.duration_since(modified).ok()).is_some_and(|age| age >= SETTLED_AFTER)
    }
}

impl FileSource {
    /// A source that reads this file when the app token is needed, with a line `NAME=value` for each variable.
    ///
    /// A line can start with `export`, and a value can be in single or double quotes. Empty lines, lines that start with `#`
    /// and variables of other names are skipped.
    ///
    /// A provider opens the file at each renewal, and reads it only if it changed: another file in its place (by a rename, or
    /// behind a link), another size, or another time of change. A file that changed within the last ten seconds is always
    /// read, because a second change can have the same time; so is one that names other files.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), form: Form::Lines, last: Arc::default() }
    }

    /// A source that reads this folder when the app token is needed, with a file for each variable that has its name and
    /// contains its value, such as a mounted Kubernetes secret or the credentials of a systemd unit.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), form: Form::Folder, last: Arc::default() }
    }

    /// Reads the server and the app token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a file cannot be read, or with the name of the
    /// missing or wrong variable.
    pub fn config(&self) -> Result<Config, Error> {
        match self.form {
            Form::Lines => self.read_lines(self.open()?, |settings| settings.config()),
            Form::Folder => Settings::in_folder(&self.path).config(),
        }
    }

    /// The app token, from the file only if that changed. It is opened in any case: for a network file system, opening is the
    /// moment to look whether the file is still the same.
    fn credential_at(&self, now: SystemTime) -> Result<Credential, Error> {
        let file = self.open()?;
        let version = FileVersion::of(&file.metadata().map_err(|error| unreadable(&self.path, &error))?);
        if let Some(last) = self.last.load().as_ref().filter(|last| last.version == version) {
            return Ok(last.credential.clone());
        }
        // Of a file that changes while it is read, the version is older than the content, so that it is read again.
        let (config, names_files) =
            self.read_lines(file, |settings| Ok((settings.config()?, settings.names_files()?)))?;
        let credential = config.credential;
        let is_settled = !names_files && version.is_settled(now);
        let settled = is_settled.then(|| ReadFile { version, credential: credential.clone() });
        self.last.store(settled.map(Arc::new));
        Ok(credential)
    }

    fn open(&self) -> Result<File, Error> {
        let path = self.path.display();
        open(&self.path)?.ok_or_else(|| Error::invalid_input(format!("{path} does not exist")))
    }

    fn read_lines<T>(&self, file: File, read: impl FnOnce(&Settings<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let text = text_of(file, &self.path)?;
        let lookup = |name: &str| Ok(value_in(&text, name)?.map(|value| Zeroizing::new(value.to_owned())));
        let result = Settings::of(&lookup).and_then(|settings| read(&settings));
        result.map_err(|error| Error::invalid_input(format!("{}: {error}", self.path.display())))
    }

    /// The file with the token's value, if it is not the file of this source.
    fn token_file(&self) -> Result<Option<PathBuf>, Error> {
        match self.form {
            // What is kept names no other file.
            Form::Lines if self.last.load().is_some() => Ok(None),
            Form::Lines => self.read_lines(self.open()?, |settings| settings.token_file()),
            Form::Folder => Settings::in_folder(&self.path).token_file(),
        }
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, form, last: _ } = self;
        f.debug_struct("FileSource").field("path", path).field("form", form).finish_non_exhaustive()
    }
}

impl CredentialSource for FileSource {
    fn credential(&self) -> Result<Credential, Error> {
        match self.form {
            Form::Lines => self.credential_at(SystemTime::now()),
            Form::Folder => Ok(self.config()?.credential),
        }
    }

    /// On Unix, warns if other users than its owner can read or change the file with the app token.
    fn warning(&self) -> Option<SourceWarning> {
        exposed(self.token_file().ok()?.unwrap_or_else(|| self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const FIRST: &str = "00112233445566778899aabbccddeeff";
    const SECOND: &str = "ffeeddccbbaa99887766554433221100";

    fn write(path: &Path, token: &str) {
        let text = format!(
            "KALTURA_SERVICE_URL=https://www.kaltura.com\nKALTURA_PARTNER_ID=1234567\nKALTURA_APP_TOKEN_ID=1_ab12cd34\nKALTURA_APP_TOKEN={token}\nKALTURA_APP_TOKEN_HASH_TYPE=SHA256\n"
        );
        std::fs::write(path, text).unwrap();
    }

    /// When the file has not changed for long.
    fn later() -> SystemTime {
        SystemTime::now() + SETTLED_AFTER * 2
    }

    fn is_token(source: &FileSource, token: &str) -> bool {
        source.credential_at(later()).unwrap().token.expose() == token
    }

    #[test]
    fn a_changed_file_is_read_again_and_errors_show_no_value() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kaltura.env");
        let source = FileSource::new(&path);
        assert!(source.credential().unwrap_err().to_string().ends_with("does not exist"));
        // Both have the same size, and often the same time: it is recorded in steps of some milliseconds.
        for token in [FIRST, SECOND] {
            write(&path, token);
            assert_eq!(source.credential().unwrap().token.expose(), token);
        }
        write(&path, "S3 CRET");
        let error = source.credential().unwrap_err().to_string();
        assert!(error.contains("kaltura.env: KALTURA_APP_TOKEN: ") && !error.contains("CRET"), "{error}");
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kaltura.env");
        let source = FileSource::new(&path);
        write(&path, FIRST);
        assert!(is_token(&source, FIRST));
        let last = source.last.load_full().unwrap();
        assert!(is_token(&source.clone(), FIRST));
        assert!(Arc::ptr_eq(&last, &source.last.load_full().unwrap()), "it was read");

        // A change of the same size, at another time.
        write(&path, SECOND);
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(is_token(&source, SECOND));

        std::fs::remove_file(&path).unwrap();
        assert!(source.credential().is_err(), "a file that was removed is no source any more");
    }

    /// The credentials file stays as it is when the token's own file changes.
    #[test]
    fn a_file_that_names_another_one_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let (path, token) = (directory.path().join("kaltura.env"), directory.path().join("KALTURA_APP_TOKEN"));
        for line in [
            format!("KALTURA_APP_TOKEN_FILE={}", token.display()),
            format!("KALTURA_CREDENTIALS_DIRECTORY={}", directory.path().display()),
        ] {
            write(&path, "");
            let text = std::fs::read_to_string(&path).unwrap().replace("KALTURA_APP_TOKEN=", &line);
            std::fs::write(&path, text).unwrap();
            let source = FileSource::new(&path);
            for value in [FIRST, SECOND] {
                std::fs::write(&token, value).unwrap();
                assert!(is_token(&source, value), "{line}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_warned_of_before_and_after_it_is_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kaltura.env");
        let allow = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let source = FileSource::new(&path);
        write(&path, FIRST);
        for _ in 0..2 {
            allow(0o644);
            assert!(source.warning().is_some());
            allow(0o600);
            assert!(source.warning().is_none());
            assert!(is_token(&source, FIRST));
        }
    }

    /// The times can be the same, since both files are made before the first is read.
    #[test]
    fn another_file_in_its_place_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let (path, next) = (directory.path().join("kaltura.env"), directory.path().join("next.env"));
        let source = FileSource::new(&path);
        write(&path, FIRST);
        write(&next, SECOND);
        assert!(is_token(&source, FIRST));
        std::fs::rename(&next, &path).unwrap();
        assert!(is_token(&source, SECOND));
    }

    /// Kubernetes mounts a secret as links to a folder, which is a link itself, and replaces that one.
    #[cfg(unix)]
    #[test]
    fn a_secret_that_kubernetes_replaced_is_read() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, token) in [("..1", FIRST), ("..2", SECOND)] {
            std::fs::create_dir(at(version)).unwrap();
            write(&at(version).join("kaltura.env"), token);
        }
        symlink("..1", at("..data")).unwrap();
        symlink("..data/kaltura.env", at("kaltura.env")).unwrap();
        let source = FileSource::new(at("kaltura.env"));
        assert!(is_token(&source, FIRST));
        symlink("..2", at("..data_tmp")).unwrap();
        std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
        std::fs::remove_dir_all(at("..1")).unwrap();
        assert!(is_token(&source, SECOND));
    }
}
