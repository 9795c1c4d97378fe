//! The settings of one run: options, the named profile, the environment, the default profile, in this order.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apptoken::{
    AccountSecret, AppTokenId, AppTokenSecret, Credential, Endpoint, Error, FileSource, HashChoice, HashType, Ks,
    PartnerId,
};

use super::profile::ProfileFile;
use super::secret::{FoundSecret, SecretKind, SecretReader};
use crate::arguments;
use crate::failure::Failure;
use crate::values;

/// The options that all commands have.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings (see: apptoken config --help)")]
pub(crate) struct SettingOptions {
    /// Uses this profile, before the environment
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The server, such as https://www.kaltura.com
    #[arg(long, global = true, value_name = "URL")]
    service_url: Option<String>,
    /// The account's number
    #[arg(long, global = true, value_name = "NUMBER")]
    partner_id: Option<String>,
    /// The app token's id, such as 1_ab12cd34
    #[arg(long, global = true, value_name = "ID")]
    token_id: Option<String>,
    /// The app token's hash type: MD5, SHA1, SHA256, SHA512 or detect
    #[arg(long, global = true, value_name = "TYPE")]
    hash_type: Option<String>,
    /// Reads the app token's value from a file; - is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Reads server and app token from a file of `provision`, or from a folder (Kubernetes secret)
    #[arg(long, global = true, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Reads the account's admin secret from a file; - is standard input
    #[arg(long, global = true, value_name = "FILE")]
    admin_secret_file: Option<PathBuf>,
    /// Reads an administrator's session from a file, in place of the admin secret
    #[arg(long, global = true, value_name = "FILE")]
    admin_ks_file: Option<PathBuf>,
    /// Says on standard error what is requested and renewed
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Prints this help
    // One screen: the long form of clap takes two lines for each option.
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
}

/// A setting that is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    ServiceUrl,
    PartnerId,
    TokenId,
    HashType,
    Credentials,
}

impl Key {
    pub(crate) const ALL: [Self; 5] =
        [Self::ServiceUrl, Self::PartnerId, Self::TokenId, Self::HashType, Self::Credentials];

    /// The name in a profile, and with dashes before it the option.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ServiceUrl => "service-url",
            Self::PartnerId => "partner-id",
            Self::TokenId => "token-id",
            Self::HashType => "hash-type",
            Self::Credentials => "credentials",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::ServiceUrl => "KALTURA_SERVICE_URL",
            Self::PartnerId => "KALTURA_PARTNER_ID",
            Self::TokenId => "KALTURA_APP_TOKEN_ID",
            Self::HashType => "KALTURA_APP_TOKEN_HASH_TYPE",
            Self::Credentials => "KALTURA_CREDENTIALS_FILE",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::ServiceUrl => "https://www.kaltura.com",
            Self::PartnerId => "1234567",
            Self::TokenId => "1_ab12cd34",
            Self::HashType => "SHA256",
            Self::Credentials => "importer.env",
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Option(&'static str),
    Variable(&'static str),
    Profile(String),
    Keyring(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(f, "--{name}"),
            Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Keyring(name) => write!(f, "the system's keyring, for profile {name}"),
        }
    }
}

/// The settings of this run. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Settings(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: SettingOptions,
    profiles: ProfileFile,
    secrets: SecretReader,
}

impl Settings {
    pub(crate) fn new(options: &SettingOptions) -> Result<Self, Failure> {
        Ok(Self(Arc::new(Inner {
            options: options.clone(),
            profiles: ProfileFile::read()?,
            secrets: SecretReader::default(),
        })))
    }

    /// Refuses a profile that was named and does not exist. Only `config` may name a new one.
    pub(crate) fn check_profile(&self) -> Result<(), Failure> {
        let profiles = &self.0.profiles;
        match named_profile(&self.0.options) {
            Some(named) if !profiles.contains(&named) => {
                let names = profiles.names().join(", ");
                let known =
                    if names.is_empty() { "there are none yet".to_owned() } else { format!("there are: {names}") };
                let named = arguments::shown(&named);
                Err(Failure::configuration(format!("there is no profile {named}; {known}"))
                    .cure(format!("apptoken config set --profile {named} service-url https://www.kaltura.com")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn verbose(&self) -> bool {
        self.0.options.verbose
    }

    pub(crate) fn profiles(&self) -> &ProfileFile {
        &self.0.profiles
    }

    /// The profile in use, whether it exists or not.
    pub(crate) fn profile(&self) -> String {
        named_profile(&self.0.options).unwrap_or_else(|| self.0.profiles.default_profile().to_owned())
    }

    /// The value of a setting and where it came from.
    pub(crate) fn find(&self, key: Key) -> Option<Found<String>> {
        let SettingOptions { service_url, partner_id, token_id, hash_type, credentials, profile: named, .. } =
            &self.0.options;
        let option = match key {
            Key::ServiceUrl => service_url.clone(),
            Key::PartnerId => partner_id.clone(),
            Key::TokenId => token_id.clone(),
            Key::HashType => hash_type.clone(),
            Key::Credentials => credentials.as_ref().map(|path| path.display().to_string()),
        };
        let option = || option.map(|value| Found { value, origin: Origin::Option(key.name()) });
        let variable = || {
            let value = env::var(key.variable()).ok().filter(|value| !value.is_empty())?;
            Some(Found { value, origin: Origin::Variable(key.variable()) })
        };
        let profile = || {
            let profile = self.profile();
            let value = self.0.profiles.get(&profile, key.name())?;
            Some(Found { value, origin: Origin::Profile(profile) })
        };
        // A profile that is named on the command line is meant, whatever the environment holds.
        if named.is_some() {
            option().or_else(profile).or_else(variable)
        } else {
            option().or_else(variable).or_else(profile)
        }
    }

    /// A secret and where it came from.
    pub(crate) fn secret(&self, kind: SecretKind) -> Result<Option<FoundSecret>, Failure> {
        let profile = self.profile();
        let file = match kind {
            SecretKind::Token => self.0.options.token_file.as_deref(),
            SecretKind::AdminSecret => self.0.options.admin_secret_file.as_deref(),
            SecretKind::AdminKs => self.0.options.admin_ks_file.as_deref(),
        };
        self.0.secrets.read(kind, file, &self.0.profiles, &profile, self.0.options.profile.is_some())
    }

    /// The server and the app token.
    pub(crate) fn config(&self) -> Result<(Endpoint, Credential), Failure> {
        if let Some(file) = self.find(Key::Credentials) {
            let config = credentials_source(&file.value).config()?;
            return Ok((config.endpoint, config.credential));
        }
        let id = self.parse(Key::TokenId, |text| AppTokenId::parse(text))?;
        let secret = self.token_value()?;
        let hash = match self.find(Key::HashType) {
            None => HashChoice::Detect,
            Some(found) => values::hash_choice(&found.value)
                .map_err(|why| Failure::configuration(format!("hash-type (from {}): {why}", found.origin)))?,
        };
        Ok((self.endpoint()?, Credential::new(self.partner()?, id, secret, hash)))
    }

    /// The value of the app token.
    pub(crate) fn token_value(&self) -> Result<AppTokenSecret, Failure> {
        if let Some(file) = self.find(Key::Credentials) {
            return Ok(credentials_source(&file.value).config()?.credential.token);
        }
        let token = self.secret(SecretKind::Token)?.ok_or_else(|| {
            Failure::configuration("the app token's value is missing")
                .cure("set KALTURA_APP_TOKEN or KALTURA_APP_TOKEN_FILE, or run: apptoken config secret token")
        })?;
        AppTokenSecret::parse(token.value.as_str()).map_err(|error| wrong(&token.origin, &error))
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        if let Some(file) = self.credentials_for(Key::ServiceUrl) {
            return Ok(credentials_source(&file).config()?.endpoint);
        }
        self.parse(Key::ServiceUrl, Endpoint::parse)
    }

    pub(crate) fn partner(&self) -> Result<PartnerId, Failure> {
        if let Some(file) = self.credentials_for(Key::PartnerId) {
            return Ok(credentials_source(&file).config()?.credential.partner);
        }
        self.parse(Key::PartnerId, PartnerId::parse)
    }

    /// The hash type of the command line alone, for a token that is made or changed.
    pub(crate) fn hash_type_option(&self) -> Result<Option<HashType>, Failure> {
        let given = self.0.options.hash_type.as_deref();
        given
            .map(|text| values::hash_type(text).map_err(|why| Failure::usage(format!("--hash-type: {why}"))))
            .transpose()
    }

    /// A session of an administrator, if there is one.
    pub(crate) fn admin_ks(&self) -> Result<Option<Ks>, Failure> {
        let Some(found) = self.secret(SecretKind::AdminKs)? else { return Ok(None) };
        Ks::parse(found.value.as_str()).map(Some).map_err(|error| wrong(&found.origin, &error))
    }

    /// The account's admin secret, if there is one.
    pub(crate) fn admin_secret(&self) -> Result<Option<AccountSecret>, Failure> {
        let Some(found) = self.secret(SecretKind::AdminSecret)? else { return Ok(None) };
        AccountSecret::parse(found.value.as_str()).map(Some).map_err(|error| wrong(&found.origin, &error))
    }

    /// The credentials file, if nothing else has this value.
    fn credentials_for(&self, key: Key) -> Option<String> {
        if self.find(key).is_some() { None } else { self.find(Key::Credentials).map(|file| file.value) }
    }

    fn parse<T>(&self, key: Key, parse: impl Fn(&str) -> Result<T, Error>) -> Result<T, Failure> {
        let found = self.find(key).ok_or_else(|| missing(key))?;
        parse(&found.value)
            .map_err(|error| Failure::configuration(format!("{} (from {}): {error}", key.name(), found.origin)))
    }
}

/// A folder has a file for each value, such as a mounted Kubernetes secret.
fn credentials_source(path: &str) -> FileSource {
    if Path::new(path).is_dir() { FileSource::folder(path) } else { FileSource::new(path) }
}

fn named_profile(options: &SettingOptions) -> Option<String> {
    let variable = || env::var("APPTOKEN_PROFILE").ok().filter(|name| !name.is_empty());
    options.profile.clone().or_else(variable)
}

fn missing(key: Key) -> Failure {
    let (name, variable, example) = (key.name(), key.variable(), key.example());
    Failure::configuration(format!("{name} is not set"))
        .cure(format!("apptoken config set {name} {example}   (or set {variable}, or use --{name})"))
}

fn wrong(origin: &Origin, error: &Error) -> Failure {
    Failure::configuration(format!("{origin}: {error}"))
}
