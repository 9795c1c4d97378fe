//! Where a provider gets its app token from, again and again.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apptoken_core::value::Printable;
use apptoken_core::{Credential, Error, UnixSeconds};
use zeroize::Zeroizing;

use crate::config::Config;

/// Where the app token comes from.
///
/// A [`Provider`](crate::Provider) asks once, and again when the server refuses the token: a token that was rotated
/// needs no restart, as long as the source then gives the new one. A [`Credential`] is a source that always gives itself.
pub trait CredentialSource {
    /// Gives the app token that is now in force.
    ///
    /// # Errors
    ///
    /// Any error; it reaches the caller of the provider, so it must hold no secret.
    fn credential(&self) -> Result<Credential, Error>;

    /// When the app token itself ends, if that is known: then the provider warns of it.
    fn token_expires_at(&self, _credential: &Credential) -> Option<UnixSeconds> {
        None
    }

    /// What a person should look at although there is an app token; the provider asks after each
    /// [`credential`](Self::credential), and reports it as an event once for each change.
    fn warning(&self) -> Option<SourceWarning> {
        None
    }
}

/// What a person should look at although the source gave an app token. `Display` says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceWarning {
    /// Others than its owner can read or change the file that the app token is in.
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for SourceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Exposed { path } = self;
        let path = Printable(path.display());
        write!(f, "{path} holds an app token and others than its owner can read or change it: set its mode to 600")
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

/// The environment: the variables of [`Config::from_env`].
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvSource;

impl CredentialSource for EnvSource {
    fn credential(&self) -> Result<Credential, Error> {
        Ok(Config::from_env()?.credential)
    }
}

/// A file with a line `NAME=value` for each of the variables of [`Config::from_env`], read anew each time.
///
/// Empty lines and lines that start with `#` are skipped. Values stand as they are, without quotes. What was read is wiped
/// from memory. The file should be readable by its owner alone: otherwise the provider reports a [`SourceWarning`], and
/// goes on.
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
#[derive(Clone, Debug)]
pub struct FileSource {
    path: PathBuf,
}

impl FileSource {
    /// Reads this file, when it is asked.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Reads the file: the server and the app token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the file cannot be read, or that names the variable
    /// that is missing or wrong.
    pub fn config(&self) -> Result<Config, Error> {
        let path = self.path.display();
        let text = read(&self.path)
            .map_err(|error| Error::invalid_input(format!("{path} cannot be read: {}", error.kind())))?;
        Config::read(|name| Ok(lookup(&text, name).map(|value| Zeroizing::new(value.to_owned()))))
            .map_err(|error| Error::invalid_input(format!("{path}: {error}")))
    }
}

impl CredentialSource for FileSource {
    fn credential(&self) -> Result<Credential, Error> {
        Ok(self.config()?.credential)
    }

    /// Whether others than the file's owner can read or change it, on Unix.
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

/// What was read is wiped, also if reading fails half-way; the size of the file is reserved first, so that no part of it
/// stays behind where the text grew.
fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn lookup<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.find_map(|line| line.split_once('=').filter(|(given, _)| given.trim() == name).map(|(_, value)| value.trim()))
}

/// A source made of a closure, such as one that asks a secret manager.
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
    /// Calls `ask` whenever the app token is needed.
    pub fn new(ask: F) -> Self {
        Self(ask)
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

/// A source whose app token is known to end.
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
    /// The token of `source` ends at this date: the `expiry` of `appToken.get`.
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
    fn a_file_has_one_value_a_line() {
        let text = "# the importer\nA=1\n\n B = two words \nA=2\nC=x=y\n#D=4\n";
        for (name, value) in
            [("A", Some("1")), ("B", Some("two words")), ("C", Some("x=y")), ("D", None), ("#D", None), ("", None)]
        {
            assert_eq!(lookup(text, name), value, "{name}");
        }
    }

    #[test]
    fn a_file_is_read_anew_and_what_is_wrong_is_said_without_values() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kaltura.env");
        let source = FileSource::new(&path);
        assert!(source.credential().unwrap_err().to_string().ends_with("cannot be read: entity not found"));
        let write = |token: &str| {
            let text = format!(
                "KALTURA_SERVICE_URL=https://www.kaltura.com\nKALTURA_PARTNER_ID=1234567\nKALTURA_APP_TOKEN_ID=1_ab12cd34\nKALTURA_APP_TOKEN={token}\nKALTURA_APP_TOKEN_HASH_TYPE=SHA256\n"
            );
            std::fs::write(&path, text).unwrap();
        };
        for token in ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"] {
            write(token);
            assert_eq!(source.credential().unwrap().token.expose(), token);
        }
        write("S3 CRET");
        let error = source.credential().unwrap_err().to_string();
        assert!(error.contains("kaltura.env: KALTURA_APP_TOKEN: ") && !error.contains("CRET"), "{error}");
    }
}
