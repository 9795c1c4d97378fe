use std::env::VarError;
use std::mem;

use apptoken_core::{AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashChoice, PartnerId};
use zeroize::Zeroizing;

/// The server and the app token.
#[derive(Clone, Debug)]
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
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput), with the name of the missing or wrong variable
    /// and an example, but without its value.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(value)) => {
                drop(Zeroizing::new(value.into_encoded_bytes()));
                Err(Error::invalid_input(format!("{name} is not valid UTF-8")))
            }
        })
    }

    /// Like [`from_env`](Self::from_env), but gets the value of each variable from `lookup`. The values are wiped from memory
    /// after use.
    ///
    /// # Errors
    ///
    /// Like [`from_env`](Self::from_env), and any error of `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Self, Error> {
        Self::read(|name| Ok(lookup(name)?.map(Zeroizing::new)))
    }

    pub(crate) fn read(lookup: impl Fn(&str) -> Result<Option<Zeroizing<String>>, Error>) -> Result<Self, Error> {
        let read = |name: &str, example: &str| match lookup(name)? {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => Err(Error::invalid_input(format!("{name} is empty: set it to {example}"))),
            None => Err(Error::invalid_input(format!("{name} is not set: set it to {example}"))),
        };
        let url = read(SERVICE_URL, "the server's URL, such as https://www.kaltura.com")?;
        let partner = read(PARTNER_ID, "the account's number, such as 1234567")?;
        let id = read(APP_TOKEN_ID, "the app token's id, such as 1_ab12cd34")?;
        let mut token = read(APP_TOKEN, "the app token's value, usually 32 hex digits")?;
        let hash_type = read(APP_TOKEN_HASH_TYPE, "MD5, SHA1, SHA256 or SHA512 as on the token, or detect")?;
        let hash = if *hash_type == "detect" {
            HashChoice::Detect
        } else {
            HashChoice::Known(hash_type.parse().map_err(|error| name_variable(APP_TOKEN_HASH_TYPE, &error))?)
        };
        let partner = PartnerId::parse(&partner).map_err(|error| name_variable(PARTNER_ID, &error))?;
        let id = AppTokenId::parse(id.as_str()).map_err(|error| name_variable(APP_TOKEN_ID, &error))?;
        // Moved, not copied: `AppTokenSecret` wipes the text that it owns.
        let token = AppTokenSecret::parse(mem::take(&mut *token)).map_err(|error| name_variable(APP_TOKEN, &error))?;
        Ok(Self {
            endpoint: Endpoint::parse(&url).map_err(|error| name_variable(SERVICE_URL, &error))?,
            credential: Credential::new(partner, id, token, hash),
        })
    }
}

const SERVICE_URL: &str = "KALTURA_SERVICE_URL";
const PARTNER_ID: &str = "KALTURA_PARTNER_ID";
const APP_TOKEN_ID: &str = "KALTURA_APP_TOKEN_ID";
const APP_TOKEN: &str = "KALTURA_APP_TOKEN";
const APP_TOKEN_HASH_TYPE: &str = "KALTURA_APP_TOKEN_HASH_TYPE";

fn name_variable(variable: &str, error: &Error) -> Error {
    Error::invalid_input(format!("{variable}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        (SERVICE_URL, "https://www.kaltura.com/api_v3"),
        (PARTNER_ID, "1234567"),
        (APP_TOKEN_ID, "1_ab12cd34"),
        (APP_TOKEN, "00112233445566778899aabbccddeeff"),
        (APP_TOKEN_HASH_TYPE, "SHA256"),
    ];

    fn with(changes: &[(&str, Option<&str>)]) -> Result<Config, Error> {
        Config::from_lookup(|name| {
            let changed = changes.iter().find(|(changed, _)| *changed == name).map(|(_, value)| *value);
            let value = changed.unwrap_or_else(|| GOOD.iter().find(|(good, _)| *good == name).map(|(_, value)| *value));
            Ok(value.map(str::to_owned))
        })
    }

    #[test]
    fn valid_settings_are_read() {
        let config = with(&[]).unwrap();
        assert_eq!(config.endpoint.as_str(), "https://www.kaltura.com/api_v3");
        assert_eq!(config.credential.partner.get(), 1_234_567);
        assert_eq!(with(&[(APP_TOKEN_HASH_TYPE, Some("detect"))]).unwrap().credential.hash, HashChoice::Detect);
    }

    #[test]
    fn a_wrong_setting_is_named_with_a_hint_and_without_its_value() {
        for (variable, value, hint) in [
            (SERVICE_URL, None, "https://www.kaltura.com"),
            (SERVICE_URL, Some("http://www.kaltura.com"), "use https://"),
            (SERVICE_URL, Some("wwwS3CRETcom"), "https://www.kaltura.com"),
            (PARTNER_ID, Some("_1234567"), "only the digits"),
            (PARTNER_ID, Some("S3CRET"), "digits only"),
            (APP_TOKEN_ID, Some("S3CRET"), "1_ab12cd34"),
            (APP_TOKEN_ID, Some("00112233445566778899aabbccddeeff"), "secret value"),
            (APP_TOKEN, Some(""), "usually 32 hex digits"),
            (APP_TOKEN, Some("S3CRET\n"), "line break"),
            (APP_TOKEN, None, "not set"),
            (APP_TOKEN_HASH_TYPE, Some("sha256S3CRET"), "SHA256"),
        ] {
            let error = with(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable) && error.contains(hint), "{error}");
            assert!(!error.contains("S3CRET") && !error.contains("00112233"), "{error}");
        }
    }
}
