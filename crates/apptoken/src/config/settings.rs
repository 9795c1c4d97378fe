//! The places of settings: variables, a file with one value, and a folder with a file for each value.

use std::fmt;
use std::path::{Path, PathBuf};

use apptoken_core::Error;
use zeroize::Zeroizing;

use super::files::{read_unchanged, read_value};
use super::{APP_TOKEN, Config, environment};

const APP_TOKEN_FILE: &str = "KALTURA_APP_TOKEN_FILE";
const FOLDER: &str = "KALTURA_CREDENTIALS_DIRECTORY";
/// As systemd sets it for a unit with credentials.
const SYSTEMD_FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// Returns the value of a variable, if it is set.
type Lookup<'a> = dyn Fn(&str) -> Result<Option<Zeroizing<String>>, Error> + 'a;

/// Where the values of settings are.
pub(crate) struct Settings<'a> {
    lookup: &'a Lookup<'a>,
    folder: Option<PathBuf>,
}

/// A setting of the environment: its value, and the variable or file that it comes from.
///
/// For programs that show where their settings come from, or that take some of them from elsewhere. `Debug` does not show the
/// value, and it is wiped from memory when dropped.
///
/// # Examples
///
/// ```
/// use apptoken::Setting;
///
/// if let Some(server) = Setting::from_env("KALTURA_SERVICE_URL")? {
///     println!("the server is {}, from {}", server.value(), server.place());
/// }
/// # Ok::<(), apptoken::Error>(())
/// ```
pub struct Setting {
    place: String,
    pub(super) value: Zeroizing<String>,
}

impl Setting {
    /// Finds the value of a variable of [`Config::from_env`]: in the environment, or in a file or folder that it names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) if the value is in two places, or if a file or
    /// folder cannot be read.
    pub fn from_env(name: &str) -> Result<Option<Self>, Error> {
        Settings::of(&environment)?.find(name)
    }

    /// The name of the variable, or the path of the file in the folder. Of an app token in a file of its own it is
    /// `KALTURA_APP_TOKEN_FILE`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The value, which is a secret if the setting is `KALTURA_APP_TOKEN`.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<'a> Settings<'a> {
    /// The settings in variables, and in the files and the folder that variables name.
    pub(crate) fn of(lookup: &'a Lookup<'a>) -> Result<Self, Error> {
        for variable in [FOLDER, SYSTEMD_FOLDER] {
            let Some(folder) = lookup(variable)? else { continue };
            return Ok(Self { lookup, folder: Some(folder_in(variable, &folder)?) });
        }
        Ok(Self { lookup, folder: None })
    }

    /// The settings in a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { lookup: &|_| Ok(None), folder: Some(folder.to_owned()) }
    }

    /// Reads all settings.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        match &self.folder {
            Some(folder) => read_unchanged(folder, || Config::from_settings(self)),
            None => Config::from_settings(self),
        }
    }

    /// The file with the token's value, if it is in one of its own.
    pub(crate) fn token_file(&self) -> Result<Option<PathBuf>, Error> {
        let in_folder = self.folder.as_ref().map(|folder| folder.join(APP_TOKEN)).filter(|path| path.exists());
        Ok(named_file(self.lookup)?.or(in_folder))
    }

    /// Whether files hold some of the values.
    pub(crate) fn names_files(&self) -> Result<bool, Error> {
        Ok(self.folder.is_some() || named_file(self.lookup)?.is_some())
    }

    /// The value of a setting of a program that needs all of `needed`.
    pub(super) fn get(&self, name: &str, example: &str, needed: &[&str]) -> Result<Setting, Error> {
        match self.find(name)? {
            Some(setting) if !setting.value.is_empty() => Ok(setting),
            Some(setting) => Err(Error::invalid_input(format!("{} is empty: set it to {example}", setting.place))),
            None => {
                let folder = self.folder.as_ref().map(|folder| folder.display());
                let in_folder = folder.map(|folder| format!(", or put that into a file {name} in {folder}"));
                let others = self.others_not_set(name, needed);
                Err(Error::invalid_input(format!(
                    "{name} is not set: set it to {example}{}{others}",
                    in_folder.unwrap_or_default()
                )))
            }
        }
    }

    /// The other settings that are not set, so that one start of a program shows all of them.
    fn others_not_set(&self, name: &str, needed: &[&str]) -> String {
        let is_missing = |other: &&str| *other != name && matches!(self.find(other), Ok(None));
        let others: Vec<&str> = needed.iter().copied().filter(is_missing).collect();
        if others.is_empty() { String::new() } else { format!("; also not set: {}", others.join(", ")) }
    }

    pub(super) fn find(&self, name: &str) -> Result<Option<Setting>, Error> {
        let variable = (self.lookup)(name)?.map(|value| Setting { place: name.to_owned(), value });
        let file = match named_file(self.lookup)? {
            Some(path) if name == APP_TOKEN => {
                Some(Setting { place: APP_TOKEN_FILE.to_owned(), value: token_in(&path)? })
            }
            _ => None,
        };
        let in_folder = match self.folder.as_ref().map(|folder| folder.join(name)) {
            Some(path) => read_value(&path, name)?.map(|value| Setting { place: path.display().to_string(), value }),
            None => None,
        };
        let mut found = [variable, file, in_folder].into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => Err(Error::invalid_input(format!(
                "{name} is set in two places, {} and {}: remove one of them",
                one.place, other.place
            ))),
            (found, _) => Ok(found),
        }
    }
}

impl Setting {
    /// The error of a value, with its place.
    pub(super) fn refused(&self, why: &(impl fmt::Display + ?Sized)) -> Error {
        Error::invalid_input(format!("{}: {why}", self.place))
    }
}

fn named_file(lookup: &Lookup<'_>) -> Result<Option<PathBuf>, Error> {
    match lookup(APP_TOKEN_FILE)? {
        Some(path) if path.is_empty() => Err(Error::invalid_input(format!(
            "{APP_TOKEN_FILE} is empty: set it to the path of the file with the token's value"
        ))),
        path => Ok(path.map(|path| PathBuf::from(path.as_str()))),
    }
}

/// The token's value in the file that a variable names. A path that leads to no file is not shown: people also set the variable
/// to the value itself.
fn token_in(path: &Path) -> Result<Zeroizing<String>, Error> {
    let value = if path.exists() { read_value(path, APP_TOKEN)? } else { None };
    value.ok_or_else(|| {
        Error::invalid_input(format!(
            "{APP_TOKEN_FILE} names a file that does not exist or that this program cannot find: set it to the path of the file \
             with the token's value, not to the value itself"
        ))
    })
}

fn folder_in(variable: &str, folder: &str) -> Result<PathBuf, Error> {
    let path = PathBuf::from(folder);
    if path.is_dir() {
        Ok(path)
    } else {
        Err(Error::invalid_input(format!("{variable} must be the path of a folder that this program can read")))
    }
}
