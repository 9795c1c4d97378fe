//! Accounts and roles from a file.

use std::collections::HashSet;
use std::fmt;

use apptoken_core::{AccountSecret, PartnerId};
use serde_json::{Map, Value};

use crate::model::Secret;
use crate::model::account::Account;
use crate::model::role::{RoleRow, STATUS_ACTIVE};

/// What a configuration holds.
pub(crate) struct Config {
    pub(crate) accounts: Vec<Account>,
    pub(crate) roles: Vec<RoleRow>,
}

/// A configuration that cannot be used. It tells the key and what was expected there, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    expected: String,
}

impl ConfigError {
    fn new(key: &str, expected: impl Into<String>) -> Self {
        Self { key: key.to_owned(), expected: expected.into() }
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

const KEYS: [&str; 4] = ["about", "partners", "rolesAbout", "roles"];
const PARTNER_KEYS: [&str; 9] = [
    "id",
    "ksVersion",
    "adminSecret",
    "additionalAdminSecrets",
    "secret",
    "ksMaxExpiry",
    "status",
    "features",
    "anonymousUser",
];
const ROLE_KEYS: [&str; 7] = ["id", "name", "systemName", "shortName", "permissionNames", "description", "tags"];

impl Config {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            ConfigError::new("", format!("JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let file = object(&json, "", &KEYS)?;
        let accounts =
            items(file, "partners")?.iter().enumerate().map(|(at, json)| account(json, &format!("partners[{at}]")));
        let accounts: Vec<Account> = accounts.collect::<Result<_, _>>()?;
        let mut ids = HashSet::new();
        if let Some(at) = accounts.iter().position(|account| !ids.insert(account.id)) {
            return Err(ConfigError::new(&format!("partners[{at}].id"), "a number that no other account has"));
        }
        if accounts.is_empty() {
            return Err(ConfigError::new("partners", "at least one account"));
        }
        let roles = match file.get("roles") {
            Some(_) => items(file, "roles")?
                .iter()
                .enumerate()
                .map(|(at, json)| role(json, &format!("roles[{at}]")))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        Ok(Self { accounts, roles })
    }
}

fn account(json: &Value, key: &str) -> Result<Account, ConfigError> {
    let given = object(json, key, &PARTNER_KEYS)?;
    let at = |name: &str| format!("{key}.{name}");
    let id = given
        .get("id")
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok())
        .and_then(|id| PartnerId::new(id).ok());
    let id = id.ok_or_else(|| ConfigError::new(&at("id"), "a number from 1 to 2147483647"))?;
    let mut account = Account::new(id).anonymous_user(false);
    account.ks_version = match given.get("ksVersion").map(Value::as_u64) {
        None => 2,
        Some(Some(version @ (1 | 2))) => u8::try_from(version).unwrap_or(2),
        Some(_) => return Err(ConfigError::new(&at("ksVersion"), "1 or 2")),
    };
    account.admin_secrets = vec![secret(given.get("adminSecret"), &at("adminSecret"))?];
    if given.contains_key("additionalAdminSecrets") {
        for (number, more) in items(given, "additionalAdminSecrets")
            .map_err(|error| ConfigError { key: at(&error.key), ..error })?
            .iter()
            .enumerate()
        {
            account.admin_secrets.push(secret(Some(more), &format!("{key}.additionalAdminSecrets[{number}]"))?);
        }
    }
    account.user_secret = secret(given.get("secret"), &at("secret"))?;
    account.max_lifetime = match given.get("ksMaxExpiry") {
        None => Some(86_400),
        Some(Value::Null) => None,
        Some(seconds) => {
            let seconds = seconds.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
            Some(seconds.ok_or_else(|| ConfigError::new(&at("ksMaxExpiry"), "a number of seconds or null"))?)
        }
    };
    account.status = match given.get("status").map(Value::as_i64) {
        None => 1,
        Some(Some(status @ 1..=3)) => status,
        Some(_) => return Err(ConfigError::new(&at("status"), "1 (active), 2 (content blocked) or 3 (fully blocked)")),
    };
    if given.contains_key("features") {
        for (number, feature) in
            items(given, "features").map_err(|error| ConfigError { key: at(&error.key), ..error })?.iter().enumerate()
        {
            let name = feature
                .as_str()
                .ok_or_else(|| ConfigError::new(&format!("{key}.features[{number}]"), "the name of a feature"))?;
            account = account.feature(name);
        }
    }
    account.anonymous_user = match given.get("anonymousUser") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(|| ConfigError::new(&at("anonymousUser"), "true or false"))?,
    };
    Ok(account)
}

fn role(json: &Value, key: &str) -> Result<RoleRow, ConfigError> {
    let given = object(json, key, &ROLE_KEYS)?;
    let text = |name: &str| match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ConfigError::new(&format!("{key}.{name}"), "a text")),
    };
    let id = given.get("id").and_then(Value::as_i64).filter(|id| (1..=i32::MAX.into()).contains(id));
    Ok(RoleRow {
        id: id.ok_or_else(|| ConfigError::new(&format!("{key}.id"), "a number from 1 to 2147483647"))?,
        name: text("name")?.ok_or_else(|| ConfigError::new(&format!("{key}.name"), "a text"))?,
        system_name: text("systemName")?.unwrap_or_default(),
        description: text("description")?,
        status: STATUS_ACTIVE,
        partner_id: 0,
        permission_names: text("permissionNames")?,
        tags: text("tags")?,
        created_at: 0,
        updated_at: 0,
    })
}

fn object<'a>(json: &'a Value, key: &str, known: &[&str]) -> Result<&'a Map<String, Value>, ConfigError> {
    let object = json.as_object().ok_or_else(|| ConfigError::new(key, "an object"))?;
    if let Some(unknown) = object.keys().find(|name| !known.contains(&name.as_str())) {
        let shown: String = unknown.chars().take(40).collect();
        let separator = if key.is_empty() { "" } else { "." };
        return Err(ConfigError::new(
            &format!("{key}{separator}{shown}"),
            format!("one of the keys {}", known.join(", ")),
        ));
    }
    Ok(object)
}

fn items<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>, ConfigError> {
    object.get(name).and_then(Value::as_array).ok_or_else(|| ConfigError::new(name, "a list"))
}

fn secret(json: Option<&Value>, key: &str) -> Result<Secret, ConfigError> {
    let text = json.and_then(Value::as_str).and_then(|text| AccountSecret::parse(text).ok());
    let text =
        text.ok_or_else(|| ConfigError::new(key, "a secret: printable characters without blanks around them"))?;
    Ok(Secret::new(text.expose()))
}

/// The roles of partner 0.
pub(crate) fn global_roles() -> Vec<RoleRow> {
    let json: Value = serde_json::from_str(include_str!("model/global_roles.json")).unwrap_or_default();
    let roles = json.as_array().map(Vec::as_slice).unwrap_or_default();
    roles.iter().filter_map(|json| role(json, "").ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_roles_of_partner_0_are_there() {
        let roles = global_roles();
        assert_eq!(roles.len(), 23);
        assert!(roles.iter().enumerate().all(|(at, role)| role.id == at as i64 + 1));
    }

    #[test]
    fn errors_tell_the_key_and_what_was_expected() {
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
            (r#"{"partner":[]}"#.to_owned(), "partner: expected one of the keys about, partners, rolesAbout, roles"),
        ] {
            assert_eq!(Config::parse(&text).err().unwrap().to_string(), message, "{text}");
        }
        let sound = Config::parse(&partner(r#","ksMaxExpiry":null,"additionalAdminSecrets":["c"]"#)).ok().unwrap();
        assert_eq!(sound.accounts[0].max_lifetime, None);
        assert_eq!(sound.accounts[0].admin_secrets.len(), 2);
    }
}
