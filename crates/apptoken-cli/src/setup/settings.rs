//! The settings of one run: options, the named profile, the environment, the default profile, in this order.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apptoken::{
    AccountSecret, AppTokenId, AppTokenSecret, Config, Credential, Endpoint, FileSource, HashChoice, HashType, Ks,
    PartnerId, Setting,
};
use zeroize::Zeroizing;

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
    /// Connects through a proxy, such as http://proxy.example.org:3128
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// Trusts the root certificates in this file (PEM), in place of the system's
    #[arg(long, global = true, value_name = "FILE")]
    root_certificates: Option<PathBuf>,
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
    AllowHttpHosts,
    Proxy,
    RootCertificates,
    SessionStore,
}

impl Key {
    pub(crate) const ALL: [Self; 9] = [
        Self::ServiceUrl,
        Self::PartnerId,
        Self::TokenId,
        Self::HashType,
        Self::Credentials,
        Self::AllowHttpHosts,
        Self::Proxy,
        Self::RootCertificates,
        Self::SessionStore,
    ];

    /// The name in a profile, and with dashes before it the option.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ServiceUrl => "service-url",
            Self::PartnerId => "partner-id",
            Self::TokenId => "token-id",
            Self::HashType => "hash-type",
            Self::Credentials => "credentials",
            Self::AllowHttpHosts => "allow-http-hosts",
            Self::Proxy => "proxy",
            Self::RootCertificates => "root-certificates",
            Self::SessionStore => "session-store",
        }
    }

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::ServiceUrl => "KALTURA_SERVICE_URL",
            Self::PartnerId => "KALTURA_PARTNER_ID",
            Self::TokenId => "KALTURA_APP_TOKEN_ID",
            Self::HashType => "KALTURA_APP_TOKEN_HASH_TYPE",
            Self::Credentials => "KALTURA_CREDENTIALS_FILE",
            Self::AllowHttpHosts => "KALTURA_ALLOW_HTTP_HOSTS",
            Self::Proxy => "KALTURA_PROXY",
            Self::RootCertificates => "KALTURA_ROOT_CERTIFICATES",
            Self::SessionStore => "KALTURA_SESSION_STORE",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::ServiceUrl => "https://www.kaltura.com",
            Self::PartnerId => "1234567",
            Self::TokenId => "1_ab12cd34",
            Self::HashType => "SHA256",
            Self::Credentials => "importer.env",
            Self::AllowHttpHosts => "emulator",
            Self::Proxy => "http://proxy.example.org:3128",
            Self::RootCertificates => "roots.pem",
            Self::SessionStore => "redis://cache.example.org:6379",
        }
    }

    /// The value in a credentials file, if it holds one.
    fn in_file(self, config: &Config) -> Option<String> {
        let credential = &config.credential;
        Some(match self {
            Self::ServiceUrl => config.endpoint.to_string(),
            Self::PartnerId => credential.partner.to_string(),
            Self::TokenId => credential.id.to_string(),
            Self::HashType => credential.hash.to_string(),
            Self::Credentials | Self::AllowHttpHosts | Self::Proxy | Self::RootCertificates | Self::SessionStore => {
                return None;
            }
        })
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
    /// A variable, or a file that a variable names.
    Environment(String),
    CredentialsFile(String),
    Profile(String),
    Keyring(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(f, "--{name}"),
            Self::Environment(place) => f.write_str(place),
            Self::CredentialsFile(path) => f.write_str(path),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Keyring(name) => write!(f, "the system's keyring, for profile {name}"),
        }
    }
}

/// Where settings are, besides the options.
#[derive(Clone, Copy)]
enum Layer {
    Environment,
    Profile,
}

/// A credentials file or folder and what it holds, read at once so that an old id never meets a new value.
struct CredentialsFile {
    path: String,
    config: Config,
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
    pub(crate) fn find(&self, key: Key) -> Result<Option<Found<String>>, Failure> {
        let is_in_file = matches!(key, Key::ServiceUrl | Key::PartnerId | Key::TokenId | Key::HashType);
        let file = if is_in_file { self.credentials_file()? } else { None };
        self.find_beside(file.as_ref(), key)
    }

    fn find_beside(&self, file: Option<&CredentialsFile>, key: Key) -> Result<Option<Found<String>>, Failure> {
        if let Some(found) = self.option(key) {
            return Ok(Some(found));
        }
        if let Some(file) = file
            && let Some(value) = key.in_file(&file.config)
        {
            return Ok(Some(Found { value, origin: Origin::CredentialsFile(file.path.clone()) }));
        }
        for layer in self.layers() {
            if let Some(found) = self.find_in(layer, key)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn option(&self, key: Key) -> Option<Found<String>> {
        let options = &self.0.options;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let value = match key {
            Key::ServiceUrl => options.service_url.clone(),
            Key::PartnerId => options.partner_id.clone(),
            Key::TokenId => options.token_id.clone(),
            Key::HashType => options.hash_type.clone(),
            Key::Credentials => path(&options.credentials),
            // Whether the connection needs no encryption is not decided anew for each run; the URL of a store can have a password.
            Key::AllowHttpHosts | Key::SessionStore => None,
            Key::Proxy => options.proxy.clone(),
            Key::RootCertificates => path(&options.root_certificates),
        };
        value.map(|value| Found { value, origin: Origin::Option(key.name()) })
    }

    /// The first one that has a value counts. A profile that is named on the command line is meant, whatever the environment
    /// holds.
    fn layers(&self) -> [Layer; 2] {
        if self.0.options.profile.is_some() {
            [Layer::Profile, Layer::Environment]
        } else {
            [Layer::Environment, Layer::Profile]
        }
    }

    fn find_in(&self, layer: Layer, key: Key) -> Result<Option<Found<String>>, Failure> {
        Ok(match layer {
            Layer::Environment => Setting::from_env(key.variable())?.and_then(|setting| {
                let (value, origin) = (setting.value().to_owned(), Origin::Environment(setting.place().to_owned()));
                (!value.is_empty()).then_some(Found { value, origin })
            }),
            Layer::Profile => {
                let profile = self.profile();
                let value = self.0.profiles.get(&profile, key.name());
                value.map(|value| Found { value, origin: Origin::Profile(profile) })
            }
        })
    }

    /// The credentials file in use. One of a later layer is not, if an earlier layer has an app token.
    fn credentials_file(&self) -> Result<Option<CredentialsFile>, Failure> {
        let mut found = self.option(Key::Credentials);
        for layer in self.layers() {
            if found.is_none() {
                found = self.find_in(layer, Key::Credentials)?;
            }
            if found.is_some() || self.find_in(layer, Key::TokenId)?.is_some() {
                break;
            }
        }
        let Some(Found { value: path, .. }) = found else { return Ok(None) };
        // A folder has a file for each value, such as a mounted Kubernetes secret.
        let is_folder = Path::new(&path).is_dir();
        let source = if is_folder { FileSource::folder(&path) } else { FileSource::new(&path) };
        let config = source.config().map_err(|error| {
            // What does not exist may be a secret that was given in place of a file.
            let error = if Path::new(&path).exists() {
                error.to_string()
            } else {
                format!("the credentials file {} does not exist", arguments::shown(&path))
            };
            Failure::configuration(error).cure(
                "correct the file, or make one: apptoken token add --user NAME --to FILE (or: apptoken provision)",
            )
        })?;
        Ok(Some(CredentialsFile { config, path }))
    }

    /// A secret and where it came from.
    pub(crate) fn secret(&self, kind: SecretKind) -> Result<Option<FoundSecret>, Failure> {
        let file = if kind == SecretKind::Token { self.credentials_file()? } else { None };
        self.secret_beside(file.as_ref(), kind)
    }

    fn secret_beside(
        &self,
        credentials: Option<&CredentialsFile>,
        kind: SecretKind,
    ) -> Result<Option<FoundSecret>, Failure> {
        let file = match kind {
            SecretKind::Token => self.0.options.token_file.as_deref(),
            SecretKind::AdminSecret => self.0.options.admin_secret_file.as_deref(),
            SecretKind::AdminKs => self.0.options.admin_ks_file.as_deref(),
        };
        if let (None, SecretKind::Token, Some(CredentialsFile { path, config })) = (file, kind, credentials) {
            let in_folder = Path::new(path).join(kind.variable());
            return Ok(Some(FoundSecret {
                value: Zeroizing::new(config.credential.token.expose().to_owned()),
                origin: Origin::CredentialsFile(path.clone()),
                file: Some(if in_folder.exists() { in_folder } else { PathBuf::from(path) }),
            }));
        }
        let profile_first = self.0.options.profile.is_some();
        self.0.secrets.read(kind, file, &self.0.profiles, &self.profile(), profile_first)
    }

    /// The server and the app token.
    pub(crate) fn config(&self) -> Result<(Endpoint, Credential), Failure> {
        let file = self.credentials_file()?;
        let file = file.as_ref();
        let id = self.parse(file, Key::TokenId, |text| AppTokenId::parse(text).map_err(|error| error.to_string()))?;
        let secret = self.token_value_beside(file)?;
        let hash = match self.find_beside(file, Key::HashType)? {
            None => HashChoice::Detect,
            Some(_) => self.parse(file, Key::HashType, values::hash_choice)?,
        };
        Ok((self.endpoint_beside(file)?, Credential::new(self.partner_beside(file)?, id, secret, hash)))
    }

    /// The value of the app token.
    pub(crate) fn token_value(&self) -> Result<AppTokenSecret, Failure> {
        self.token_value_beside(self.credentials_file()?.as_ref())
    }

    fn token_value_beside(&self, file: Option<&CredentialsFile>) -> Result<AppTokenSecret, Failure> {
        let token = self.secret_beside(file, SecretKind::Token)?.ok_or_else(|| {
            Failure::configuration("the app token's value is missing")
                .cure("set KALTURA_APP_TOKEN or KALTURA_APP_TOKEN_FILE, or run: apptoken config secret token")
        })?;
        AppTokenSecret::parse(token.value.as_str()).map_err(|error| wrong(&token.origin, &error))
    }

    /// The configured hash type, if there is one.
    pub(crate) fn hash_choice(&self) -> Result<Option<HashChoice>, Failure> {
        let file = self.credentials_file()?;
        match self.find_beside(file.as_ref(), Key::HashType)? {
            None => Ok(None),
            Some(_) => self.parse(file.as_ref(), Key::HashType, values::hash_choice).map(Some),
        }
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        self.endpoint_beside(self.credentials_file()?.as_ref())
    }

    fn endpoint_beside(&self, file: Option<&CredentialsFile>) -> Result<Endpoint, Failure> {
        // The file can allow plain http to its server.
        if let (Some(file), None) = (file, self.option(Key::ServiceUrl)) {
            return Ok(file.config.endpoint.clone());
        }
        self.parse(file, Key::ServiceUrl, |url| self.parse_url(url))
    }

    /// Reads the URL of a server as the library does.
    pub(crate) fn parse_url(&self, url: &str) -> Result<Endpoint, String> {
        let hosts = self.find_beside(None, Key::AllowHttpHosts).map_err(|failure| failure.what().to_owned())?;
        let hosts = hosts.map(|hosts| hosts.value);
        parse_url_allowing(url, hosts.as_deref())
    }

    pub(crate) fn partner(&self) -> Result<PartnerId, Failure> {
        self.partner_beside(self.credentials_file()?.as_ref())
    }

    fn partner_beside(&self, file: Option<&CredentialsFile>) -> Result<PartnerId, Failure> {
        self.parse(file, Key::PartnerId, |text| PartnerId::parse(text).map_err(|error| error.to_string()))
    }

    /// The text of a file with root certificates, if one is set.
    pub(crate) fn root_certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(Found { value: path, origin }) = self.find(Key::RootCertificates)? else { return Ok(None) };
        fs::read(&path).map(Some).map_err(|error| {
            Failure::configuration(format!(
                "root-certificates (from {origin}): cannot read {}: {error}",
                arguments::shown(&path)
            ))
            .cure("give the path of a file in PEM format (-----BEGIN CERTIFICATE-----)")
        })
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

    /// What to do so that a setting has this value: a change of a profile has no effect on what comes before it.
    pub(crate) fn how_to_set(&self, key: Key, value: &str) -> String {
        let (name, variable) = (key.name(), key.variable());
        match self.find(key).ok().flatten().map(|found| found.origin) {
            Some(Origin::Option(_)) => format!("use --{name} {value}"),
            Some(Origin::Environment(place)) if place == variable => format!("set {variable} to {value}"),
            Some(Origin::Environment(file)) => format!("write {value} into {file}"),
            Some(Origin::CredentialsFile(path)) => format!("set {variable} to {value} in {path}"),
            Some(Origin::Profile(_) | Origin::Keyring(_)) | None => self.command_to_set(key, value),
        }
    }

    fn command_to_set(&self, key: Key, value: &str) -> String {
        let profile = named_profile(&self.0.options).map(|name| format!("--profile {name} ")).unwrap_or_default();
        format!("apptoken config set {profile}{} {value}", key.name())
    }

    fn missing(&self, key: Key) -> Failure {
        let (name, variable, command) = (key.name(), key.variable(), self.command_to_set(key, key.example()));
        Failure::configuration(format!("{name} is not set"))
            .cure(format!("{command}   (or set {variable}, or use --{name})"))
    }

    fn parse<T>(
        &self,
        file: Option<&CredentialsFile>,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let found = self.find_beside(file, key)?.ok_or_else(|| self.missing(key))?;
        parse(&found.value).map_err(|why| {
            Failure::configuration(format!("{} (from {}): {why}", key.name(), found.origin)).cure(CORRECT)
        })
    }
}

/// Reads the URL of a server, which needs no encryption on these hosts.
pub(crate) fn parse_url_allowing(url: &str, hosts: Option<&str>) -> Result<Endpoint, String> {
    let url_variable = Key::ServiceUrl.variable();
    let lookup = |name: &str| {
        let value = if name == url_variable {
            Some(url)
        } else if name == Key::AllowHttpHosts.variable() {
            hosts
        } else {
            None
        };
        Ok(value.map(str::to_owned))
    };
    Config::endpoint_from_lookup(lookup).map_err(|error| {
        let text = error.to_string();
        text.strip_prefix(&format!("{url_variable}: ")).unwrap_or(&text).to_owned()
    })
}

const CORRECT: &str = "correct the value; apptoken config show says where each one comes from";

fn named_profile(options: &SettingOptions) -> Option<String> {
    let variable = || env::var("APPTOKEN_PROFILE").ok().filter(|name| !name.is_empty());
    options.profile.clone().or_else(variable)
}

fn wrong(origin: &Origin, error: &apptoken::Error) -> Failure {
    Failure::configuration(format!("{origin}: {error}")).cure(CORRECT)
}
