//! The sources of a provider's app token.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use apptoken_core::value::Printable;
use apptoken_core::{Credential, Error, UnixSeconds};
use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use crate::config::Config;

/// A source of an app token.
///
/// A [`Provider`](crate::Provider) reads its source before each login, and again when the server refuses the token. So a
/// rotated token needs no restart of the program, if the source returns the new one. A [`Credential`] is a source that
/// always returns itself.
///
/// It is called without a lock of the provider, on the thread of the caller that logs in, which waits for it. It may fail,
/// panic, or call the same provider, which then returns the present session or an error. It must not wait for another thread
/// that waits for the same provider.
pub trait CredentialSource {
    /// Returns the app token to use now.
    ///
    /// # Errors
    ///
    /// Any error. It is returned to the caller of the provider, so it must not contain a secret.
    fn credential(&self) -> Result<Credential, Error>;

    /// When the app token itself expires, if that is known. The provider warns before that time.
    fn token_expires_at(&self, _credential: &Credential) -> Option<UnixSeconds> {
        None
    }

    /// A problem that a person should fix, although the app token can be used. The provider calls this after each
    /// [`credential`](Self::credential), and reports each change as an event.
    fn warning(&self) -> Option<SourceWarning> {
        None
    }
}

/// A problem that a person should fix, although the app token can be used. `Display` says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceWarning {
    /// Other users than its owner can read or change the file with the app token.
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for SourceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Exposed { path } = self;
        let path = Printable(path.display());
        write!(
            f,
            "{path} contains an app token, and other users than its owner can read or change it: set its mode to 600"
        )
    }
}

impl<S: CredentialSource + ?Sized> CredentialSource for Arc<S> {
    fn credential(&self) -> Result<Credential, Error> {
        (**self).credential()
    }

    fn token_expires_at(&self, credential: &Credential) -> Option<UnixSeconds> {
        (**self).token_expires_at(credential)
    }

    fn warning(&self) -> Option<SourceWarning> {
        (**self).warning()
    }
}

impl CredentialSource for Credential {
    fn credential(&self) -> Result<Credential, Error> {
        Ok(self.clone())
    }
}

/// The environment as a source: the variables of [`Config::from_env`].
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvSource;

impl CredentialSource for EnvSource {
    fn credential(&self) -> Result<Credential, Error> {
        Ok(Config::from_env()?.credential)
    }
}

/// A file as a source, with a line `NAME=value` for each of the variables of [`Config::from_env`].
///
/// A provider opens the file at each renewal, and reads it only if it changed: another file in its place (by a rename, or behind
/// a symbolic link, as Kubernetes replaces secrets), another size, or another time of change. A file that changed within the last
/// ten seconds is always read, because a second change can have the same time.
///
/// Empty lines and lines that start with `#` are skipped. Values have no quotes. The text is wiped from memory after use. Only
/// its owner should be able to read the file; otherwise the provider reports a [`SourceWarning`] and uses the token.
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
    last: Arc<ArcSwapOption<ReadFile>>,
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
    /// A source that reads this file when the app token is needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), last: Arc::default() }
    }

    /// Reads the file: the server and the app token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the file cannot be read, or with the name of the
    /// missing or wrong variable.
    pub fn config(&self) -> Result<Config, Error> {
        self.read(File::open(&self.path).map_err(|error| self.unreadable(&error))?)
    }

    fn read(&self, file: File) -> Result<Config, Error> {
        let text = read(file).map_err(|error| self.unreadable(&error))?;
        Config::read(|name| Ok(lookup(&text, name).map(|value| Zeroizing::new(value.to_owned()))))
            .map_err(|error| Error::invalid_input(format!("{}: {error}", self.path.display())))
    }

    /// The app token, from the file only if that changed. It is opened in any case: for a network file system, opening is the
    /// moment to look whether the file is still the same.
    fn credential_at(&self, now: SystemTime) -> Result<Credential, Error> {
        let file = File::open(&self.path).map_err(|error| self.unreadable(&error))?;
        let version = FileVersion::of(&file.metadata().map_err(|error| self.unreadable(&error))?);
        if let Some(last) = self.last.load().as_ref().filter(|last| last.version == version) {
            return Ok(last.credential.clone());
        }
        // Of a file that changes while it is read, the version is older than the content, so that it is read again.
        let credential = self.read(file)?.credential;
        let settled = version.is_settled(now).then(|| ReadFile { version, credential: credential.clone() });
        self.last.store(settled.map(Arc::new));
        Ok(credential)
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        Error::invalid_input(format!("{} cannot be read: {}", self.path.display(), error.kind()))
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, last: _ } = self;
        f.debug_struct("FileSource").field("path", path).finish_non_exhaustive()
    }
}

impl CredentialSource for FileSource {
    fn credential(&self) -> Result<Credential, Error> {
        self.credential_at(SystemTime::now())
    }

    /// On Unix, warns if other users than the file's owner can read or change it.
    fn warning(&self) -> Option<SourceWarning> {
        is_exposed(&self.path).then(|| SourceWarning::Exposed { path: self.path.clone() })
    }
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o066 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}

/// Reads into memory that is wiped, also if reading fails half-way. `read_to_string` reserves the file's size first; a buffer
/// that grows would leave copies of the secret in freed memory.
fn read(mut file: File) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn lookup<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.find_map(|line| line.split_once('=').filter(|(given, _)| given.trim() == name).map(|(_, value)| value.trim()))
}

/// A closure as a source, for instance one that queries a secret manager.
///
/// # Examples
///
/// ```
/// use apptoken::{AppTokenId, AppTokenSecret, Credential, FnSource, HashType, PartnerId};
///
/// fn from_vault(name: &str) -> String {
///     // ...
/// #   if name == "id" { "1_ab12cd34".into() } else { "00112233445566778899aabbccddeeff".into() }
/// }
///
/// let source = FnSource::new(|| {
///     let (id, token) = (AppTokenId::parse(from_vault("id"))?, AppTokenSecret::parse(from_vault("token"))?);
///     Ok(Credential::new(PartnerId::new(1234567)?, id, token, HashType::Sha256))
/// });
/// # let _ = source;
/// ```
pub struct FnSource<F>(F);

impl<F: Fn() -> Result<Credential, Error>> FnSource<F> {
    /// A source that calls this closure when the app token is needed.
    pub fn new(read: F) -> Self {
        Self(read)
    }
}

impl<F: Fn() -> Result<Credential, Error>> CredentialSource for FnSource<F> {
    fn credential(&self) -> Result<Credential, Error> {
        (self.0)()
    }
}

impl<F> fmt::Debug for FnSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnSource")
    }
}

/// A source whose app token expires at a known time.
///
/// # Examples
///
/// ```
/// use apptoken::{EnvSource, UnixSeconds, WithExpiry};
///
/// let source = WithExpiry::new(EnvSource, UnixSeconds(1_893_456_000));
/// # let _ = source;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithExpiry<S> {
    source: S,
    expires_at: UnixSeconds,
}

impl<S: CredentialSource> WithExpiry<S> {
    /// Adds the expiry of the app token to a source: the `expiry` of `appToken.get`.
    pub fn new(source: S, expires_at: UnixSeconds) -> Self {
        Self { source, expires_at }
    }
}

impl<S: CredentialSource> CredentialSource for WithExpiry<S> {
    fn credential(&self) -> Result<Credential, Error> {
        self.source.credential()
    }

    fn token_expires_at(&self, _: &Credential) -> Option<UnixSeconds> {
        Some(self.expires_at)
    }

    fn warning(&self) -> Option<SourceWarning> {
        self.source.warning()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_value_per_line() {
        let text = "# the importer\nA=1\n\n B = two words \nA=2\nC=x=y\n#D=4\n";
        for (name, value) in
            [("A", Some("1")), ("B", Some("two words")), ("C", Some("x=y")), ("D", None), ("#D", None), ("", None)]
        {
            assert_eq!(lookup(text, name), value, "{name}");
        }
    }

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
        assert!(source.credential().unwrap_err().to_string().ends_with("cannot be read: entity not found"));
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
