//! The configuration file: profiles, one for each account or token.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, value};

use super::folders;
use crate::failure::Failure;
use crate::show::file;

/// The configuration file, or an empty one if there is none.
#[derive(Debug)]
pub(crate) struct ProfileFile {
    path: PathBuf,
    document: DocumentMut,
}

const DEFAULT_PROFILE: &str = "default-profile";
const PROFILES: &str = "profiles";

impl ProfileFile {
    /// Reads the file. `APPTOKEN_CONFIG` names another one than the usual.
    pub(crate) fn read() -> Result<Self, Failure> {
        let path = match std::env::var_os("APPTOKEN_CONFIG") {
            Some(path) => PathBuf::from(path),
            None => folders::config()?.join("config.toml"),
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let what = format!("cannot read the configuration {}: {error}", path.display());
                return Err(Failure::configuration(what));
            }
        };
        // The message of the parser shows the line, which can be a secret that somebody put there.
        let document = text.parse::<DocumentMut>().map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
            Failure::configuration(format!("{} is not valid TOML at line {line}", path.display()))
                .cure("correct the line, or move the file away and run: apptoken config set ...")
        })?;
        Ok(Self { path, document })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder for the secrets that `apptoken` keeps.
    pub(crate) fn secrets_folder(&self) -> PathBuf {
        self.path.with_file_name("secrets")
    }

    pub(crate) fn default_profile(&self) -> &str {
        self.document.get(DEFAULT_PROFILE).and_then(Item::as_str).unwrap_or("default")
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.document
            .get(PROFILES)
            .and_then(Item::as_table_like)
            .into_iter()
            .flat_map(|table| table.iter().map(|(name, _)| name))
            .collect()
    }

    pub(crate) fn contains(&self, profile: &str) -> bool {
        self.names().contains(&profile)
    }

    /// A value of a profile, as text.
    pub(crate) fn get(&self, profile: &str, key: &str) -> Option<String> {
        let item = self.document.get(PROFILES)?.get(profile)?.get(key)?;
        item.as_str()
            .map(str::to_owned)
            .or_else(|| item.as_integer().map(|number| number.to_string()))
            .or_else(|| item.as_bool().map(|yes| yes.to_string()))
    }

    pub(crate) fn set(&mut self, profile: &str, key: &str, text: &str) -> Result<(), Failure> {
        let table = table(table(self.document.as_table_mut(), PROFILES)?, profile)?;
        // A number where people write a number.
        table.insert(key, text.parse::<i64>().ok().filter(|_| key == "partner-id").map_or_else(|| value(text), value));
        self.write()
    }

    pub(crate) fn unset(&mut self, profile: &str, key: &str) -> Result<bool, Failure> {
        let table =
            self.document.get_mut(PROFILES).and_then(|item| item.get_mut(profile)).and_then(Item::as_table_like_mut);
        let existed = table.is_some_and(|table| table.remove(key).is_some());
        if existed {
            self.write()?;
        }
        Ok(existed)
    }

    pub(crate) fn set_default_profile(&mut self, profile: &str) -> Result<(), Failure> {
        self.document.insert(DEFAULT_PROFILE, value(profile));
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        file::write_private(&self.path, self.document.to_string().as_bytes())
    }
}

fn table<'a>(parent: &'a mut Table, name: &str) -> Result<&'a mut Table, Failure> {
    let item = parent.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        // `[profiles.prod]` needs no line `[profiles]`.
        table.set_implicit(name == PROFILES);
        Item::Table(table)
    });
    item.as_table_mut().ok_or_else(|| Failure::configuration(format!("{name} in the configuration is not a table")))
}
