//! The sources of a provider's app token.

mod file;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use apptoken_core::value::Printable;
use apptoken_core::{Credential, Error, UnixSeconds};

use crate::config::{Config, Settings, environment, is_exposed};

pub use file::FileSource;

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

impl<S: CredentialSource + ?Sized> CredentialSource for Box<S> {
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

/// The environment as a source: the variables of [`Config::from_env`], and the files and folders that they name, which are
/// read each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvSource;

impl CredentialSource for EnvSource {
    fn credential(&self) -> Result<Credential, Error> {
        Ok(Config::from_env()?.credential)
    }

    /// On Unix, warns if other users than the owner of the file with the token's value can read or change it.
    fn warning(&self) -> Option<SourceWarning> {
        exposed(Settings::of(&environment).ok()?.token_file().ok()??)
    }
}

/// A warning, if other users can read or change this file.
fn exposed(path: PathBuf) -> Option<SourceWarning> {
    is_exposed(&path).then_some(SourceWarning::Exposed { path })
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
