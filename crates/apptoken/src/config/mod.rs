mod files;
mod lines;
mod settings;

use std::env::VarError;
use std::mem;

use apptoken_core::{AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashChoice, PartnerId};
use zeroize::Zeroizing;

pub(crate) use files::{is_exposed, open, text_of, unreadable};
pub(crate) use lines::value_in;
pub use settings::Setting;
pub(crate) use settings::Settings;

/// The server and the app token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The server.
    pub endpoint: Endpoint,
    /// The app token.
    pub credential: Credential,
}

impl Config {
    /// Reads the server and the app token from the environment.
    ///
    /// | variable | what it holds |
    /// |---|---|
    /// | `KALTURA_SERVICE_URL` | the server, such as `https://www.kaltura.com`, with or without `/api_v3` |
    /// | `KALTURA_PARTNER_ID` | the account, such as `1234567` |
    /// | `KALTURA_APP_TOKEN_ID` | the token's id, such as `1_ab12cd34` |
    /// | `KALTURA_APP_TOKEN` | the token's value |
    /// | `KALTURA_APP_TOKEN_HASH_TYPE` | `MD5`, `SHA1`, `SHA256` or `SHA512`, or `detect` |
    ///
    /// A value can also be in a file:
    ///
    /// | variable | what it holds |
    /// |---|---|
    /// | `KALTURA_APP_TOKEN_FILE` | the path of a file with the token's value, in place of `KALTURA_APP_TOKEN` |
    /// | `KALTURA_CREDENTIALS_DIRECTORY` | the path of a folder with a file for each value, which has the name of its variable: a mounted Kubernetes secret |
    /// | `CREDENTIALS_DIRECTORY` | the same, as systemd sets it for `LoadCredential=KALTURA_APP_TOKEN:…`; not used if the variable before it is set |
    ///
    /// Files and folders can be links. Whitespace around the value in a file does not count. Each value must be in one place
    /// only.
    ///
    /// For tests against a server in another container, `KALTURA_ALLOW_HTTP_HOSTS` names the hosts to which plain http is
    /// allowed, separated by commas, such as `emulator,kaltura.test`. A [`Provider`](crate::Provider) reports such a server
    /// as an event.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput), with the name of the missing or wrong variable
    /// or file and what to change, but without its value.
    pub fn from_env() -> Result<Self, Error> {
        Settings::of(&environment)?.config()
    }

    /// Like [`from_env`](Self::from_env), but gets the value of each variable from `lookup`, which returns `None` for one
    /// that is not set. The values are wiped from memory after use.
    ///
    /// # Errors
    ///
    /// Like [`from_env`](Self::from_env), and any error of `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Self, Error> {
        Settings::of(&|name| Ok(lookup(name)?.map(Zeroizing::new)))?.config()
    }

    /// Reads the server alone, for a program without an app token: `KALTURA_SERVICE_URL` and `KALTURA_ALLOW_HTTP_HOSTS`, which
    /// `lookup` returns as for [`from_lookup`](Self::from_lookup).
    ///
    /// # Errors
    ///
    /// Like [`from_lookup`](Self::from_lookup).
    pub fn endpoint_from_lookup(lookup: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Endpoint, Error> {
        Self::endpoint(&Settings::of(&|name| Ok(lookup(name)?.map(Zeroizing::new)))?, &[SERVICE_URL])
    }

    fn from_settings(settings: &Settings<'_>) -> Result<Self, Error> {
        let endpoint = Self::endpoint(settings, &REQUIRED)?;
        let partner = settings.get(PARTNER_ID, "the account's number, such as 1234567", &REQUIRED)?;
        let id = settings.get(APP_TOKEN_ID, "the app token's id, such as 1_ab12cd34", &REQUIRED)?;
        let mut token = settings.get(APP_TOKEN, "the app token's value, usually 32 hex digits", &REQUIRED)?;
        let hash_type =
            settings.get(APP_TOKEN_HASH_TYPE, "MD5, SHA1, SHA256 or SHA512 as on the token, or detect", &REQUIRED)?;
        let partner = PartnerId::parse(&partner.value).map_err(|error| partner.refused(&error))?;
        let app_token = AppTokenId::parse(id.value.as_str()).map_err(|error| id.refused(&error))?;
        let hash = HashChoice::parse(&hash_type.value).map_err(|error| hash_type.refused(&error))?;
        // Moved, not copied: `AppTokenSecret` wipes the text that it owns.
        let value = AppTokenSecret::parse(mem::take(&mut *token.value)).map_err(|error| token.refused(&error))?;
        Ok(Self { endpoint, credential: Credential::new(partner, app_token, value, hash) })
    }

    fn endpoint(settings: &Settings<'_>, needed: &[&str]) -> Result<Endpoint, Error> {
        let url = settings.get(SERVICE_URL, "the server's URL, such as https://www.kaltura.com", needed)?;
        endpoint(&url, settings.find(ALLOW_HTTP_HOSTS)?.as_ref())
    }
}

const SERVICE_URL: &str = "KALTURA_SERVICE_URL";
const PARTNER_ID: &str = "KALTURA_PARTNER_ID";
const APP_TOKEN_ID: &str = "KALTURA_APP_TOKEN_ID";
const APP_TOKEN: &str = "KALTURA_APP_TOKEN";
const APP_TOKEN_HASH_TYPE: &str = "KALTURA_APP_TOKEN_HASH_TYPE";
const REQUIRED: [&str; 5] = [SERVICE_URL, PARTNER_ID, APP_TOKEN_ID, APP_TOKEN, APP_TOKEN_HASH_TYPE];
const ALLOW_HTTP_HOSTS: &str = "KALTURA_ALLOW_HTTP_HOSTS";

fn endpoint(url: &Setting, allowed: Option<&Setting>) -> Result<Endpoint, Error> {
    let hosts = allowed.map(http_hosts).transpose()?.unwrap_or_default();
    Endpoint::parse_allowing_unencrypted_http_to(&url.value, &hosts).map_err(|error| {
        // Only the host is wrong, if any host would do.
        if Endpoint::parse_allowing_unencrypted_http(&url.value).is_ok() {
            url.refused(&format!("{error}; {ALLOW_HTTP_HOSTS} can name the host of a test server"))
        } else {
            url.refused(&error)
        }
    })
}

/// The hosts that may be called without encryption. Exact names only: a pattern could match a server that is none of a test.
fn http_hosts(setting: &Setting) -> Result<Vec<&str>, Error> {
    let hosts: Vec<&str> = setting.value.split(',').map(str::trim).collect();
    let is_name = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    if !hosts.iter().all(is_name) {
        return Err(setting.refused(
            "it must be names of hosts, separated by commas, such as emulator,kaltura.test (no scheme, port or wildcard)",
        ));
    }
    if hosts.iter().any(|host| format!(".{}", host.to_ascii_lowercase()).ends_with(".kaltura.com")) {
        return Err(setting.refused("it is for test servers: remove the hosts of Kaltura, which have https"));
    }
    Ok(hosts)
}

/// The value of an environment variable.
pub(crate) fn environment(name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(Zeroizing::new(value))),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => {
            drop(Zeroizing::new(value.into_encoded_bytes()));
            Err(Error::invalid_input(format!("{name} is not valid UTF-8")))
        }
    }
}
