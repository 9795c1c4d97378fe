//! Reading secrets: from a file, standard input, the environment or the system's keyring; never from an argument.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use apptoken::Setting;
use zeroize::Zeroizing;

use super::keyring;
use super::profile::ProfileFile;
use super::settings::Origin;
use crate::arguments;
use crate::failure::Failure;

/// A secret in memory that is wiped.
pub(crate) type Secret = Zeroizing<String>;

/// A secret and where it came from.
pub(crate) struct FoundSecret {
    pub(crate) value: Secret,
    pub(crate) origin: Origin,
    /// The file that holds it, if one does.
    pub(crate) file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// The value of the app token.
    Token,
    /// The admin secret of the account.
    AdminSecret,
    /// A session of an administrator, in place of the admin secret.
    AdminKs,
}

impl SecretKind {
    pub(crate) const ALL: [Self; 3] = [Self::Token, Self::AdminSecret, Self::AdminKs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::AdminSecret => "admin-secret",
            Self::AdminKs => "admin-ks",
        }
    }

    /// The key in a profile, and with dashes before it the option.
    pub(crate) fn file_key(self) -> &'static str {
        match self {
            Self::Token => "token-file",
            Self::AdminSecret => "admin-secret-file",
            Self::AdminKs => "admin-ks-file",
        }
    }

    /// The key in a profile that says that the secret is in the keyring.
    pub(crate) fn keyring_key(self) -> &'static str {
        match self {
            Self::Token => "token-in-keyring",
            Self::AdminSecret => "admin-secret-in-keyring",
            Self::AdminKs => "admin-ks-in-keyring",
        }
    }

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Token => "KALTURA_APP_TOKEN",
            Self::AdminSecret => "KALTURA_ADMIN_SECRET",
            Self::AdminKs => "KALTURA_ADMIN_KS",
        }
    }

    fn file_variable(self) -> &'static str {
        match self {
            Self::Token => "KALTURA_APP_TOKEN_FILE",
            Self::AdminSecret => "KALTURA_ADMIN_SECRET_FILE",
            Self::AdminKs => "KALTURA_ADMIN_KS_FILE",
        }
    }
}

impl FoundSecret {
    fn in_file(path: &Path, origin: Origin) -> Result<Self, Failure> {
        Ok(Self { value: read_file(path, &origin)?, origin, file: Some(path.to_owned()) })
    }
}

/// Reads secrets. What came from standard input is kept, because it can be read only once.
#[derive(Debug, Default)]
pub(crate) struct SecretReader {
    from_stdin: OnceLock<(SecretKind, Secret)>,
}

impl SecretReader {
    pub(crate) fn read(
        &self,
        kind: SecretKind,
        option: Option<&Path>,
        profiles: &ProfileFile,
        profile: &str,
        profile_first: bool,
    ) -> Result<Option<FoundSecret>, Failure> {
        if let Some(path) = option {
            let origin = Origin::Option(kind.file_key());
            let found = if path == Path::new("-") {
                FoundSecret { value: self.read_stdin(kind)?, origin, file: None }
            } else {
                FoundSecret::in_file(path, origin)?
            };
            return Ok(Some(found));
        }
        let from_profile = || read_profile(kind, profiles, profile);
        let from_environment = || read_environment(kind);
        let found = if profile_first { from_profile()? } else { from_environment()? };
        match found {
            Some(found) => Ok(Some(found)),
            None if profile_first => from_environment(),
            None => from_profile(),
        }
    }

    fn read_stdin(&self, kind: SecretKind) -> Result<Secret, Failure> {
        if self.from_stdin.get().is_none() {
            let secret = read_stdin()?;
            let _ = self.from_stdin.set((kind, secret));
        }
        match self.from_stdin.get() {
            Some((given, secret)) if *given == kind => Ok(secret.clone()),
            _ => Err(Failure::usage("standard input can hold one secret only").cure("read the other one from a file")),
        }
    }
}

fn read_profile(kind: SecretKind, profiles: &ProfileFile, profile: &str) -> Result<Option<FoundSecret>, Failure> {
    if let Some(path) = profiles.get(profile, kind.file_key()) {
        return FoundSecret::in_file(Path::new(&path), Origin::Profile(profile.to_owned())).map(Some);
    }
    if profiles.get(profile, kind.keyring_key()).is_some_and(|text| text == "true") {
        let value = keyring::read(profile, kind)?;
        return Ok(Some(FoundSecret { value, origin: Origin::Keyring(profile.to_owned()), file: None }));
    }
    Ok(None)
}

fn read_environment(kind: SecretKind) -> Result<Option<FoundSecret>, Failure> {
    if let Some(setting) = Setting::from_env(kind.variable())?
        && !setting.value().is_empty()
    {
        let place = setting.place();
        let file = match place {
            _ if place == kind.variable() => None,
            _ if place == kind.file_variable() => env::var_os(place).map(PathBuf::from),
            _ => Some(PathBuf::from(place)),
        };
        if let Some(file) = &file {
            refuse_changeable(file)?;
        }
        let origin = Origin::Environment(place.to_owned());
        return Ok(Some(FoundSecret { value: Zeroizing::new(setting.value().to_owned()), origin, file }));
    }
    let path = env::var_os(kind.file_variable()).filter(|path| !path.is_empty());
    let origin = || Origin::Environment(kind.file_variable().to_owned());
    path.map(|path| FoundSecret::in_file(Path::new(&path), origin())).transpose()
}

/// Reads a secret from standard input, without the line break at its end.
pub(crate) fn read_stdin() -> Result<Secret, Failure> {
    read(io::stdin().lock(), 0).map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))
}

/// Reads a secret from the file that `origin` names, without the line break at its end. A path that leads to no file is not
/// shown: people also give the secret itself.
pub(crate) fn read_file(path: &Path, origin: &dyn fmt::Display) -> Result<Secret, Failure> {
    let cure = "give the name of a file that holds the secret, not the secret itself";
    if !path.exists() {
        let text = format!("{origin} names a file that does not exist, or that cannot be found");
        return Err(Failure::configuration(text).cure(cure));
    }
    let failed = |error: io::Error| {
        let shown = path.display().to_string();
        Failure::configuration(format!("cannot read {}: {error}", arguments::shown(&shown))).cure(cure)
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    refuse_changeable(path)?;
    read(file, length).map_err(failed)
}

/// Refuses a file with a secret that other users could have replaced.
fn refuse_changeable(path: &Path) -> Result<(), Failure> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o022 != 0) {
        let shown = path.display();
        return Err(Failure::configuration(format!("{shown} holds a secret, and other users can change it"))
            .cure(format!("chmod 600 {shown}")));
    }
    Ok(())
}

/// Whether other users can read the file.
pub(crate) fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o044 != 0)
}

/// Reads into memory that is reserved first: a buffer that grows would leave copies of the secret behind.
fn read(source: impl io::Read, expected: u64) -> io::Result<Secret> {
    const LARGEST_SECRET: u64 = 1 << 20;
    let capacity = expected.clamp(8192, LARGEST_SECRET) as usize;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    source.take(LARGEST_SECRET).read_to_string(&mut text)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}
