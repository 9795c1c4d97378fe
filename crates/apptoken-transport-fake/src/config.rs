//! Parses a configuration of accounts and roles.

use std::collections::HashMap;

use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, PartnerId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::answers::{AnswerConfig, PreparedAnswer};
use crate::config_error::ConfigError;
use crate::content::seed::Seeds;
use crate::model::account::{Account, PartnerStatus};
use crate::model::object::Uploads;
use crate::model::role::{RoleRow, STATUS_ACTIVE};
use crate::model::state::State;
use crate::token_config::TokenConfig;

/// An app token, and its place in the configuration. Its account can be in another file.
pub(crate) struct PlacedToken {
    file: String,
    at: usize,
    token: TokenConfig,
}

impl PlacedToken {
    /// Adds the token to the state.
    pub(crate) fn add_to(self, state: &mut State, now: i64) -> Result<(), ConfigError> {
        let Self { file, at, token } = self;
        let added = token.add_to(state, now);
        added.map(drop).map_err(|error| error.inside(&format!("appTokens[{at}]")).in_file(&file))
    }
}

/// A parsed configuration.
pub(crate) struct Config {
    pub(crate) accounts: Vec<Account>,
    pub(crate) tokens: Vec<PlacedToken>,
    pub(crate) roles: Vec<RoleRow>,
    pub(crate) answers: Vec<PreparedAnswer>,
    /// The objects of each file, with its name.
    pub(crate) objects: Vec<(String, Seeds)>,
    pub(crate) uploads: Option<Uploads>,
}

impl Config {
    /// Parses files, given by their names and contents, and merges them.
    pub(crate) fn parse(files: &[(&str, &str)]) -> Result<Self, ConfigError> {
        let mut config = Self {
            accounts: Vec::new(),
            tokens: Vec::new(),
            roles: Vec::new(),
            answers: Vec::new(),
            objects: Vec::new(),
            uploads: None,
        };
        // The files of the accounts.
        let mut names = HashMap::new();
        for (name, text) in files {
            let in_file = |error: ConfigError| error.in_file(name);
            let file: File = ConfigError::parse(text).map_err(in_file)?;
            for (at, account) in file.partners.into_iter().map(Account::from).enumerate() {
                if let Some(other) = names.insert(account.id, name) {
                    let also = if files.len() > 1 { format!("; {other} has it too") } else { String::new() };
                    let expected = format!("a number that no other account has{also}");
                    return Err(in_file(ConfigError::new(&format!("partners[{at}].id"), expected)));
                }
                let has_profiles = file.access_control.is_some();
                config.accounts.push(Account { has_profiles, ..account });
            }
            config.objects.push(((*name).to_owned(), file.objects));
            config.uploads = file.uploads.or(config.uploads);
            let placed = |(at, token)| PlacedToken { file: (*name).to_owned(), at, token };
            config.tokens.extend(file.app_tokens.into_iter().enumerate().map(placed));
            config.roles.extend(file.roles.into_iter().map(RoleRow::from));
            for (at, answer) in file.answers.into_iter().enumerate() {
                let answer = PreparedAnswer::try_from(answer);
                config.answers.push(answer.map_err(|error| in_file(error.inside(&format!("answers[{at}]"))))?);
            }
        }
        match config.accounts.is_empty() {
            true => Err(ConfigError::new("partners", "at least one account")),
            false => Ok(config),
        }
    }
}

/// The JSON file. `about` and `rolesAbout` are comments for its readers. `conversionProfile`, `accessControl` and
/// `storage` describe what every account of a real server has; of these only the presence of `accessControl` counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default, rename = "about")]
    _about: IgnoredAny,
    #[serde(default)]
    partners: Vec<PartnerConfig>,
    #[serde(default)]
    app_tokens: Vec<TokenConfig>,
    #[serde(default, rename = "rolesAbout")]
    _roles_about: IgnoredAny,
    #[serde(default)]
    roles: Vec<RoleConfig>,
    #[serde(default)]
    answers: Vec<AnswerConfig>,
    #[serde(default)]
    objects: Seeds,
    uploads: Option<Uploads>,
    /// What a recorded account had besides its features: default profiles, which its entries name by their ids.
    #[serde(default, rename = "conversionProfile")]
    _conversion_profile: IgnoredAny,
    #[serde(default)]
    access_control: Option<IgnoredAny>,
    #[serde(default, rename = "storage")]
    _storage: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PartnerConfig {
    id: Id,
    #[serde(default = "version_2")]
    ks_version: Within<1, 2>,
    admin_secret: Secret,
    #[serde(default)]
    additional_admin_secrets: Vec<Secret>,
    secret: Secret,
    #[serde(default = "one_day")]
    ks_max_expiry: Option<u32>,
    #[serde(default = "active")]
    status: Within<1, 3>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default = "yes")]
    anonymous_user: bool,
}

/// A role of partner 0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoleConfig {
    id: Within<1, { i32::MAX as i64 }>,
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
pub(crate) struct Id(pub(crate) PartnerId);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Secret(AccountSecret);

/// A number from `MIN` to `MAX`.
#[derive(Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Within<const MIN: i64, const MAX: i64>(pub(crate) i64);

fn version_2() -> Within<1, 2> {
    Within(2)
}

fn active() -> Within<1, 3> {
    Within(PartnerStatus::Active.code())
}

fn yes() -> bool {
    true
}

fn one_day() -> Option<u32> {
    Some(86_400)
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

impl<const MIN: i64, const MAX: i64> TryFrom<i64> for Within<MIN, MAX> {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if (MIN..=MAX).contains(&number) { Ok(Self(number)) } else { Err("out of range") }
    }
}

impl From<PartnerConfig> for Account {
    fn from(config: PartnerConfig) -> Self {
        let admin_secrets = std::iter::once(&config.admin_secret).chain(&config.additional_admin_secrets);
        let version = if config.ks_version.0 == 1 { KsVersion::V1 } else { KsVersion::V2 };
        let account = Self { status: config.status.0, features: config.features, ..Self::new(config.id.0) };
        account
            .ks_version(version)
            .admin_secrets(admin_secrets.map(|Secret(secret)| secret))
            .user_secret(&config.secret.0)
            .max_lifetime(config.ks_max_expiry)
            .anonymous_user(config.anonymous_user)
    }
}

impl From<RoleConfig> for RoleRow {
    fn from(config: RoleConfig) -> Self {
        Self {
            id: config.id.0,
            name: config.name,
            system_name: config.system_name,
            description: config.description,
            status: Some(STATUS_ACTIVE),
            partner_id: 0,
            permission_names: config.permission_names,
            tags: config.tags,
            created_at: 0,
            updated_at: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(&[("", text)])
    }

    #[test]
    fn errors_name_the_key_and_what_is_expected() {
        let partner = |more: &str| format!(r#"{{"partners":[{{"id":101,"adminSecret":"a","secret":"b"{more}}}]}}"#);
        for (text, message) in [
            ("{".to_owned(), "expected JSON (line 1, column 1)"),
            ("7".to_owned(), "expected an object"),
            ("{}".to_owned(), "partners: expected at least one account"),
            (r#"{"partners":[]}"#.to_owned(), "partners: expected at least one account"),
            (r#"{"partners":[{"id":0}]}"#.to_owned(), "partners[0].id: expected a number from 1 to 2147483647"),
            (
                r#"{"partners":[{"id":1}]}"#.to_owned(),
                "partners[0].adminSecret: expected a secret: printable characters without surrounding whitespace",
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
                "partners[0].additionalAdminSecrets[1]: expected a secret: printable characters without surrounding whitespace",
            ),
            (
                partner(r#","secrets":[]"#),
                "partners[0].secrets: expected one of the keys id, ksVersion, adminSecret, additionalAdminSecrets, secret, ksMaxExpiry, status, features, anonymousUser",
            ),
            (r#"{"partners":[],"roles":[{"id":0}]}"#.to_owned(), "roles[0].id: expected a number from 1 to 2147483647"),
            (r#"{"partners":[],"roles":[{"id":1}]}"#.to_owned(), "roles[0].name: expected a string"),
            (
                r#"{"partners":[],"roles":[{"nom":1}]}"#.to_owned(),
                "roles[0].nom: expected one of the keys id, name, systemName, shortName, permissionNames, description, tags",
            ),
            (
                r#"{"partner":[]}"#.to_owned(),
                "partner: expected one of the keys about, partners, appTokens, rolesAbout, roles, answers, objects, uploads, conversionProfile, accessControl, storage",
            ),
        ] {
            assert_eq!(parse(&text).err().unwrap().to_string(), message, "{text}");
        }
    }

    #[test]
    fn an_invalid_answer_names_its_place_in_the_list() {
        let answers = |answer: &str| format!(r#"{{"answers":[{{"action":"media.count","value":1}},{answer}]}}"#);
        for (answer, message) in [
            (
                r#"{"action":"media.lsit","value":1}"#,
                "answers[1].action: expected an action of the API; the nearest name is media.list",
            ),
            (r#"{"action":"media.list"}"#, "answers[1]: expected exactly one of the keys value, values and error"),
            (r#"{"value":1}"#, "answers[1].action: expected a string"),
            (
                r#"{"action":"media.list","answer":1}"#,
                "answers[1].answer: expected one of the keys action, when, value, values, error",
            ),
            ("7", "answers[1]: expected an object"),
        ] {
            assert_eq!(parse(&answers(answer)).err().unwrap().to_string(), message, "{answer}");
        }
    }

    #[test]
    fn an_invalid_app_token_names_its_key_and_not_its_value() {
        let build = |tokens: &str| {
            let partner = r#"{"id":101,"adminSecret":"a","secret":"b","anonymousUser":false}"#;
            let json = format!(
                r#"{{"partners":[{partner}],"appTokens":[{{"partnerId":101,"id":"0_a","sessionUserId":"u"}},{tokens}]}}"#
            );
            crate::Fake::from_config(&json)
        };
        let user = r#""partnerId":101,"sessionUserId":"u""#;
        for (token, message) in [
            ("7", "appTokens[1]: expected an object"),
            ("{}", "appTokens[1].partnerId: expected a number from 1 to 2147483647"),
            (
                r#"{"partnerId":5,"sessionUserId":"u"}"#,
                "appTokens[1].partnerId: expected the id of an existing account",
            ),
            (&format!(r#"{{{user},"id":"0_A"}}"#), "appTokens[1].id: expected an id that no other app token has"),
            (&format!(r#"{{{user},"id":""}}"#), "appTokens[1].id: expected an app token id, such as 0_ab12cd34"),
            (
                &format!(r#"{{{user},"token":""}}"#),
                "appTokens[1].token: expected an app token value, such as 32 hex digits",
            ),
            (
                &format!(r#"{{{user},"hashType":"5ec7e7"}}"#),
                "appTokens[1].hashType: expected SHA1, MD5, SHA256 or SHA512",
            ),
            (
                &format!(r#"{{{user},"status":4}}"#),
                "appTokens[1].status: expected 1 (disabled), 2 (active) or 3 (deleted)",
            ),
            (&format!(r#"{{{user},"sessionType":1}}"#), "appTokens[1].sessionType: expected 0 (user) or 2 (admin)"),
            (&format!(r#"{{{user},"expiry":"5ec7e7"}}"#), "appTokens[1].expiry: expected a Unix time in seconds"),
            (
                r#"{"partnerId":101}"#,
                "appTokens[1].sessionUserId: expected the id of a user, because the account has no anonymous user",
            ),
            (r#"{"partnerId":101,"sessionUserId":"5e c7"}"#, "appTokens[1].sessionUserId: expected a valid user id"),
            (
                r#"{"partner":1}"#,
                "appTokens[1].partner: expected one of the keys partnerId, id, token, hashType, status, expiry, sessionType, \
                 sessionUserId, sessionDuration, sessionPrivileges, description, createdAt, updatedAt, objectType",
            ),
        ] {
            assert_eq!(build(token).err().unwrap().to_string(), message, "{token}");
        }
    }

    #[test]
    fn an_app_token_can_be_in_another_file_than_its_account() {
        let partners = ("partners.json", r#"{"partners":[{"id":1,"adminSecret":"a","secret":"b"}]}"#);
        let build = |tokens| crate::Fake::builder().build_from_files(&[("tokens.json", tokens), partners]);
        assert!(build(r#"{"appTokens":[{"partnerId":1}]}"#).is_ok());
        assert_eq!(
            build(r#"{"appTokens":[{"partnerId":2}]}"#).err().unwrap().to_string(),
            "tokens.json: appTokens[0].partnerId: expected the id of an existing account"
        );
    }

    #[test]
    fn files_are_merged_and_an_account_is_in_one_of_them() {
        let one = r#"{"partners":[{"id":1,"adminSecret":"a","secret":"b"}]}"#;
        let two = r#"{"answers":[{"action":"media.count","value":1}],"roles":[{"id":1,"name":"r"}]}"#;
        let both = Config::parse(&[("one.json", one), ("two.json", two)]).ok().unwrap();
        assert_eq!((both.accounts.len(), both.roles.len(), both.answers.len()), (1, 1, 1));
        for (files, message) in [
            (
                [("one.json", one), ("also.json", one)],
                "also.json: partners[0].id: expected a number that no other account has; one.json has it too",
            ),
            ([("one.json", one), ("bad.json", "{")], "bad.json: expected JSON (line 1, column 1)"),
            ([("two.json", two), ("two.json", two)], "partners: expected at least one account"),
        ] {
            assert_eq!(Config::parse(&files).err().unwrap().to_string(), message);
        }
    }

    #[test]
    fn errors_show_no_values() {
        for value in [r#""5ec7e7""#, r#""`, expected one of 5ec7e7""#, r#"["5ec7e7"]"#, r#"{"5ec7e7":1}"#] {
            for name in ["id", "ksVersion", "ksMaxExpiry", "status", "anonymousUser"] {
                let file = format!(r#"{{"partners":[{{"{name}":{value}}}]}}"#);
                let message = parse(&file).err().unwrap().to_string();
                assert!(message.starts_with("partners[0].") && !message.contains("5ec7e7"), "{message}");
            }
        }
    }

    #[test]
    fn a_lifetime_of_null_has_no_maximum() {
        let partner = |more: &str| format!(r#"{{"partners":[{{"id":101,"adminSecret":"a","secret":"b"{more}}}]}}"#);
        let sound = parse(&partner(r#","ksMaxExpiry":null,"additionalAdminSecrets":["c"]"#)).ok().unwrap();
        assert_eq!(sound.accounts[0].max_lifetime, None);
        assert_eq!(sound.accounts[0].admin_secrets.len(), 2);
    }
}
