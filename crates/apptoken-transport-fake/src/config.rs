//! Accounts and roles from a file.

use std::fmt;

use apptoken_core::{AccountSecret, KsVersion, PartnerId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::model::account::{Account, PartnerStatus};
use crate::model::role::{RoleRow, STATUS_ACTIVE};

/// What a configuration holds.
pub(crate) struct Config {
    pub(crate) accounts: Vec<Account>,
    pub(crate) roles: Vec<RoleRow>,
}

impl Config {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            ConfigError::new("", format!("JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let file: File = serde_path_to_error::deserialize(json).map_err(|error| ConfigError::of(&error))?;
        if file.partners.is_empty() {
            return Err(ConfigError::new("partners", "at least one account"));
        }
        let accounts = file.partners.into_iter().map(Account::from).collect();
        Ok(Self { accounts, roles: file.roles.into_iter().map(RoleRow::from).collect() })
    }
}

/// The file. `about` and `rolesAbout` are for whoever reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default, rename = "about")]
    _about: IgnoredAny,
    partners: Vec<PartnerConfig>,
    #[serde(default, rename = "rolesAbout")]
    _roles_about: IgnoredAny,
    #[serde(default)]
    roles: Vec<RoleConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PartnerConfig {
    id: Id,
    #[serde(default)]
    ks_version: Version,
    admin_secret: Secret,
    #[serde(default)]
    additional_admin_secrets: Vec<Secret>,
    secret: Secret,
    #[serde(default = "one_day")]
    ks_max_expiry: Option<u32>,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    anonymous_user: bool,
}

/// A role of partner 0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoleConfig {
    id: RoleId,
    name: String,
    system_name: Option<String>,
    #[serde(default, rename = "shortName")]
    _short_name: IgnoredAny,
    permission_names: Option<String>,
    description: Option<String>,
    tags: Option<String>,
}

#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Id(PartnerId);

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Version(KsVersion);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Secret(AccountSecret);

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Status(PartnerStatus);

#[derive(Deserialize)]
#[serde(try_from = "i64")]
struct RoleId(i64);

/// What is expected at a place: the keys that lead there, with `[]` for an item of a list.
fn expected_at(place: &str) -> &'static str {
    match place {
        "" | "partners[]" | "roles[]" => "an object",
        "partners" | "partners[].additionalAdminSecrets" | "partners[].features" | "roles" => "a list",
        "partners[].id" => "a number from 1 to 2147483647",
        "partners[].ksVersion" => "1 or 2",
        "partners[].adminSecret" | "partners[].additionalAdminSecrets[]" | "partners[].secret" => {
            "a secret: printable characters without blanks around them"
        }
        "partners[].ksMaxExpiry" => "a number of seconds or null",
        "partners[].status" => "1 (active), 2 (content blocked) or 3 (fully blocked)",
        "partners[].features[]" => "the name of a feature",
        "partners[].anonymousUser" => "true or false",
        "roles[].id" => "a number from 1",
        _ => "a text",
    }
}

/// A key without the numbers of items.
fn place(key: &str) -> String {
    let without_number = |part: &str| part.trim_start_matches(|each: char| each.is_ascii_digit()).to_owned();
    key.split('[').map(without_number).collect::<Vec<_>>().join("[")
}

fn one_day() -> Option<u32> {
    Some(86_400)
}

impl Default for Version {
    fn default() -> Self {
        Self(KsVersion::V2)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self(PartnerStatus::Active)
    }
}

impl TryFrom<u32> for Id {
    type Error = apptoken_core::Error;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        PartnerId::new(number).map(Self)
    }
}

impl TryFrom<String> for Secret {
    type Error = apptoken_core::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        AccountSecret::parse(text).map(Self)
    }
}

/// [`ConfigError`] says what is expected.
const OTHER_NUMBER: &str = "another number";

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self(KsVersion::V1)),
            2 => Ok(Self(KsVersion::V2)),
            _ => Err(OTHER_NUMBER),
        }
    }
}

impl TryFrom<u8> for Status {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self(PartnerStatus::Active)),
            2 => Ok(Self(PartnerStatus::ContentBlocked)),
            3 => Ok(Self(PartnerStatus::FullyBlocked)),
            _ => Err(OTHER_NUMBER),
        }
    }
}

impl TryFrom<i64> for RoleId {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if number > 0 { Ok(Self(number)) } else { Err(OTHER_NUMBER) }
    }
}

impl From<PartnerConfig> for Account {
    fn from(config: PartnerConfig) -> Self {
        let admin_secrets = std::iter::once(&config.admin_secret).chain(&config.additional_admin_secrets);
        let account = Self::new(config.id.0)
            .ks_version(config.ks_version.0)
            .admin_secrets(admin_secrets.map(|Secret(secret)| secret))
            .user_secret(&config.secret.0)
            .max_lifetime(config.ks_max_expiry)
            .status(config.status.0)
            .anonymous_user(config.anonymous_user);
        config.features.iter().fold(account, |account, name| account.feature(name))
    }
}

impl From<RoleConfig> for RoleRow {
    fn from(config: RoleConfig) -> Self {
        Self {
            id: config.id.0,
            name: config.name,
            system_name: config.system_name.unwrap_or_default(),
            description: config.description,
            status: STATUS_ACTIVE,
            partner_id: 0,
            permission_names: config.permission_names,
            tags: config.tags,
            created_at: 0,
            updated_at: 0,
        }
    }
}

/// A configuration that cannot be used. It names the key and what is expected there, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    expected: String,
}

/// The longest key that is shown whole: whoever writes a secret in its place gives one that is long.
const MAX_KEY: usize = 80;

impl ConfigError {
    fn new(key: &str, expected: impl Into<String>) -> Self {
        Self { key: key.chars().take(MAX_KEY).collect(), expected: expected.into() }
    }

    /// The text of serde's error can hold a value of the file, so only names of fields are taken from it.
    fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let text = error.inner().to_string();
        let mut key = if error.path().iter().len() == 0 { String::new() } else { error.path().to_string() };
        let known = text.strip_prefix("unknown field `").and_then(|text| text.rsplit_once("`, expected one of "));
        if let Some((_, names)) = known {
            return Self::new(&key, format!("one of the keys {}", names.replace('`', "")));
        }
        if let Some(name) = text.strip_prefix("missing field `").and_then(|text| text.split('`').next()) {
            key.push_str(if key.is_empty() { "" } else { "." });
            key.push_str(name);
        }
        Self::new(&key, expected_at(&place(&key)))
    }

    /// Where it is, such as `partners[0].id`; empty for the file as a whole.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expected } = self;
        if key.is_empty() { write!(f, "expected {expected}") } else { write!(f, "{key}: expected {expected}") }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_key_and_what_is_expected() {
        let partner = |more: &str| format!(r#"{{"partners":[{{"id":101,"adminSecret":"a","secret":"b"{more}}}]}}"#);
        for (text, message) in [
            ("{".to_owned(), "expected JSON (line 1, column 1)"),
            ("[]".to_owned(), "expected an object"),
            ("{}".to_owned(), "partners: expected a list"),
            (r#"{"partners":[]}"#.to_owned(), "partners: expected at least one account"),
            (r#"{"partners":[{"id":0}]}"#.to_owned(), "partners[0].id: expected a number from 1 to 2147483647"),
            (
                r#"{"partners":[{"id":1}]}"#.to_owned(),
                "partners[0].adminSecret: expected a secret: printable characters without blanks around them",
            ),
            (partner(r#","ksVersion":3"#), "partners[0].ksVersion: expected 1 or 2"),
            (partner(r#","ksMaxExpiry":-1"#), "partners[0].ksMaxExpiry: expected a number of seconds or null"),
            (
                partner(r#","status":"x""#),
                "partners[0].status: expected 1 (active), 2 (content blocked) or 3 (fully blocked)",
            ),
            (partner(r#","features":"x""#), "partners[0].features: expected a list"),
            (partner(r#","features":[1]"#), "partners[0].features[0]: expected the name of a feature"),
            (partner(r#","anonymousUser":1"#), "partners[0].anonymousUser: expected true or false"),
            (r#"{"partners":[7]}"#.to_owned(), "partners[0]: expected an object"),
            (
                partner(r#","additionalAdminSecrets":["c",""]"#),
                "partners[0].additionalAdminSecrets[1]: expected a secret: printable characters without blanks around them",
            ),
            (
                partner(r#","secrets":[]"#),
                "partners[0].secrets: expected one of the keys id, ksVersion, adminSecret, additionalAdminSecrets, secret, ksMaxExpiry, status, features, anonymousUser",
            ),
            (r#"{"partners":[],"roles":[{"id":0}]}"#.to_owned(), "roles[0].id: expected a number from 1"),
            (r#"{"partners":[],"roles":[{"id":1}]}"#.to_owned(), "roles[0].name: expected a text"),
            (
                r#"{"partners":[],"roles":[{"nom":1}]}"#.to_owned(),
                "roles[0].nom: expected one of the keys id, name, systemName, shortName, permissionNames, description, tags",
            ),
            (r#"{"partner":[]}"#.to_owned(), "partner: expected one of the keys about, partners, rolesAbout, roles"),
        ] {
            assert_eq!(Config::parse(&text).err().unwrap().to_string(), message, "{text}");
        }
    }

    #[test]
    fn errors_show_no_values() {
        for value in [r#""5ec7e7""#, r#""`, expected one of 5ec7e7""#, r#"["5ec7e7"]"#, r#"{"5ec7e7":1}"#] {
            for name in ["id", "ksVersion", "ksMaxExpiry", "status", "anonymousUser"] {
                let file = format!(r#"{{"partners":[{{"{name}":{value}}}]}}"#);
                let message = Config::parse(&file).err().unwrap().to_string();
                assert!(message.starts_with("partners[0].") && !message.contains("5ec7e7"), "{message}");
            }
        }
    }

    #[test]
    fn a_lifetime_of_null_has_no_maximum() {
        let partner = |more: &str| format!(r#"{{"partners":[{{"id":101,"adminSecret":"a","secret":"b"{more}}}]}}"#);
        let sound = Config::parse(&partner(r#","ksMaxExpiry":null,"additionalAdminSecrets":["c"]"#)).ok().unwrap();
        assert_eq!(sound.accounts[0].max_lifetime, None);
        assert_eq!(sound.accounts[0].admin_secrets.len(), 2);
    }
}
