//! `apptoken config`.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use apptoken::{AccountSecret, AppTokenId, AppTokenSecret, Ks, PartnerId, UreqTransport};
use serde_json::{Map, Value, json};

use crate::arguments;
use crate::cli::Context;
use crate::failure::Failure;
use crate::prompt;
use crate::setup::profile::ProfileFile;
use crate::setup::secret::{self, SecretKind, is_exposed};
use crate::setup::settings::{Found, Key, Settings, parse_url_allowing};
use crate::setup::{folders, keyring, store};
use crate::show::{file, json, table};
use crate::values::{self, without_password};

/// Shows and changes the settings
#[derive(clap::Subcommand)]
#[command(after_help = "\
A setting comes from an option, else from the profile that --profile names, else from the environment, else from the
default profile. The environment is variables, and files in the folder of KALTURA_CREDENTIALS_DIRECTORY or systemd's
CREDENTIALS_DIRECTORY. Profiles are in config.toml, one for each account or app token; secrets are beside it or in the
keyring.

Examples:
  apptoken config set --profile prod partner-id 1234567
  apptoken config secret --profile prod token < token.txt
  apptoken config show")]
pub(crate) enum Config {
    /// Shows each setting, where it came from, and where secrets are kept
    #[command(after_help = "\
Examples:
  apptoken config show
  apptoken config show --profile prod
  apptoken config show --format json")]
    Show {
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Lists the profiles
    #[command(after_help = "\
Examples:
  apptoken config list
  apptoken config list | cut -f 2
  apptoken config list --profile prod")]
    List,
    /// Sets a setting of a profile, or the place of a secret
    #[command(after_help = "\
Examples:
  apptoken config set partner-id 1234567
  apptoken config set --profile prod service-url https://www.kaltura.com
  apptoken config set proxy http://proxy.example.org:3128")]
    Set {
        /// service-url, partner-id, token-id, hash-type, credentials, proxy, root-certificates, session-store or allow-http-hosts;
        /// of a secret token-file, admin-secret-file or admin-ks-file
        key: String,
        /// Its value; for a secret, the file that holds it
        value: String,
    },
    /// Removes a setting of a profile
    #[command(after_help = "\
Examples:
  apptoken config unset hash-type
  apptoken config unset --profile prod proxy
  apptoken config unset admin-secret-file")]
    Unset {
        /// The setting
        key: String,
    },
    /// Makes a profile the default
    #[command(after_help = "\
Examples:
  apptoken config use prod
  apptoken config use test
  apptoken config use default")]
    Use {
        /// The profile
        name: String,
    },
    /// Stores a secret, from standard input or a question: the app token's value, or the account's admin secret
    #[command(after_help = "\
Examples:
  apptoken config secret token < token.txt
  apptoken config secret --profile prod admin-secret
  apptoken config secret token --delete")]
    Secret {
        /// Which secret
        #[arg(value_enum)]
        secret: SecretName,
        /// Stores it in the system's keyring, not in a file
        #[arg(long)]
        keyring: bool,
        /// Removes it
        #[arg(long, conflicts_with = "keyring")]
        delete: bool,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum SecretName {
    Token,
    AdminSecret,
}

impl SecretName {
    fn kind(self) -> SecretKind {
        match self {
            Self::Token => SecretKind::Token,
            Self::AdminSecret => SecretKind::AdminSecret,
        }
    }
}

impl Config {
    pub(crate) fn run(self, context: Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = &context;
        let profile = settings.profile();
        let mut profiles = ProfileFile::read()?;
        match self {
            Self::Show { format } => {
                settings.check_profile()?;
                show(settings, format, &context)
            }
            Self::List => {
                let mark = |name: &str| if name == profile { "*".to_owned() } else { String::new() };
                let url = |name: &str| profiles.get(name, Key::ServiceUrl.name()).unwrap_or_default();
                let partner = |name: &str| profiles.get(name, Key::PartnerId.name()).unwrap_or_default();
                let row = |&name: &&str| vec![mark(name), name.to_owned(), partner(name), url(name)];
                let rows: Vec<_> = profiles.names().iter().map(row).collect();
                table::write(console, &["", "profile", "partner", "server"], &rows)
            }
            Self::Set { key, value } => {
                check(settings, &key, &value)?;
                profiles.set(&profile, &key, &value)?;
                console.note(&format!("{key} of profile {profile} is set in {}", profiles.path().display()));
                Ok(())
            }
            Self::Unset { key } => {
                if !setting_names().any(|name| name == key) {
                    return Err(unknown_setting());
                }
                let what = if profiles.unset(&profile, &key)? { "is removed" } else { "was not set" };
                console.note(&format!("{key} of profile {profile} {what}"));
                Ok(())
            }
            Self::Use { name } => {
                if !profiles.contains(&name) {
                    let name = arguments::shown(&name);
                    return Err(Failure::configuration(format!("there is no profile {name}"))
                        .cure(format!("apptoken config set --profile {name} service-url https://www.kaltura.com")));
                }
                profiles.set_default_profile(&name)?;
                console.note(&format!("{name} is the default profile"));
                Ok(())
            }
            Self::Secret { secret, keyring: false, delete: true } => {
                delete_secret(secret.kind(), &mut profiles, &profile, &context)
            }
            Self::Secret { secret, keyring, .. } => {
                store_secret(secret.kind(), keyring, &mut profiles, &profile, &context)
            }
        }
    }
}

/// Refuses a value that the commands would refuse later.
fn check(settings: &Settings, key: &str, value: &str) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage(format!("{key}: {why}")).cure("correct the value; nothing was changed");
    match key {
        "service-url" => settings.parse_url(value).map(drop).map_err(wrong),
        "allow-http-hosts" => parse_url_allowing("https://www.kaltura.com", Some(value)).map(drop).map_err(wrong),
        "proxy" => UreqTransport::builder().proxy(value).build().map(drop).map_err(|error| wrong(error.to_string())),
        "root-certificates" => {
            let pem =
                fs::read(value).map_err(|error| wrong(format!("cannot read {}: {error}", arguments::shown(value))))?;
            let built = UreqTransport::builder().root_certificates(pem).build();
            built.map(drop).map_err(|error| wrong(error.to_string()))
        }
        "partner-id" => PartnerId::parse(value).map(drop).map_err(|error| wrong(error.to_string())),
        "token-id" => AppTokenId::parse(value).map(drop).map_err(|error| wrong(error.to_string())),
        "hash-type" => values::hash_choice(value).map(drop).map_err(wrong),
        "credentials" => Ok(()),
        "session-store" => store::open_shared(value, settings).map(drop),
        "token-file" | "admin-secret-file" | "admin-ks-file" if fs::metadata(value).is_ok() => Ok(()),
        "token-file" | "admin-secret-file" | "admin-ks-file" => {
            Err(wrong("there is no such file; the value is the name of a file, not the secret".to_owned()))
        }
        _ => Err(unknown_setting()),
    }
}

fn unknown_setting() -> Failure {
    Failure::usage("there is no such setting")
        .cure(format!("use {}; for a secret: apptoken config secret", setting_names().collect::<Vec<_>>().join(", ")))
}

fn setting_names() -> impl Iterator<Item = &'static str> {
    Key::ALL.into_iter().map(Key::name).chain(SecretKind::ALL.into_iter().map(SecretKind::file_key))
}

fn show(settings: &Settings, format: json::Format, context: &Context<'_>) -> Result<(), Failure> {
    let mut rows = vec![["profile".to_owned(), settings.profile(), settings.profiles().path().display().to_string()]];
    for key in Key::ALL {
        let (value, origin) = match settings.find(key) {
            Ok(Some(Found { value, origin })) if key == Key::Proxy => (without_password(&value), origin.to_string()),
            Ok(Some(Found { value, origin })) if key == Key::SessionStore => (store::shown(&value), origin.to_string()),
            Ok(Some(Found { value, origin })) => (value, origin.to_string()),
            Ok(None) => (String::new(), "not set".to_owned()),
            Err(failure) => (String::new(), failure.what().to_owned()),
        };
        rows.push([key.name().to_owned(), value, origin]);
    }
    for kind in SecretKind::ALL {
        // A secret that cannot be read is shown as such, so that this command always says where it is kept.
        let (value, origin) = match settings.secret(kind) {
            Ok(Some(found)) => {
                let is_file = |file: &&PathBuf| found.origin.to_string() != file.display().to_string();
                let place = found.file.as_ref().filter(is_file);
                let place = place.map(|file| format!(", in {}", file.display())).unwrap_or_default();
                let exposed = found.file.as_deref().is_some_and(is_exposed);
                let exposed = if exposed { ", which other users can read: chmod 600" } else { "" };
                ("[hidden]".to_owned(), format!("{}{place}{exposed}", found.origin))
            }
            Ok(None) => (String::new(), "not set".to_owned()),
            Err(failure) => (String::new(), failure.what().to_owned()),
        };
        rows.push([kind.name().to_owned(), value, origin]);
    }
    let cache = folders::sessions().map(|folder| folder.display().to_string()).unwrap_or_default();
    let is_shared = settings.find(Key::SessionStore).is_ok_and(|store| store.is_some());
    let about = if is_shared { "not used: sessions are in the session-store" } else { "a folder for this user only" };
    rows.push(["session cache".to_owned(), cache, about.to_owned()]);
    if format.is_json() {
        let object: Map<_, _> =
            rows.into_iter().map(|[name, value, origin]| (name, json!({"value": value, "from": origin}))).collect();
        return json::write(context.console, &Value::Object(object));
    }
    let rows: Vec<_> = rows.into_iter().map(Vec::from).collect();
    table::write(context.console, &["setting", "value", "from"], &rows)
}

fn store_secret(
    kind: SecretKind,
    in_keyring: bool,
    profiles: &mut ProfileFile,
    profile: &str,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let name = match kind {
        SecretKind::Token => "the app token's value",
        SecretKind::AdminSecret => "the account's admin secret",
        SecretKind::AdminKs => "the administrator's session",
    };
    let value = if io::stdin().is_terminal() { prompt::secret(name)? } else { secret::read_stdin()? };
    match kind {
        SecretKind::Token => AppTokenSecret::parse(value.as_str()).map(drop)?,
        SecretKind::AdminSecret => AccountSecret::parse(value.as_str()).map(drop)?,
        SecretKind::AdminKs => Ks::parse(value.as_str()).map(drop)?,
    }
    let place = if in_keyring {
        keyring::write(profile, kind, &value)?;
        profiles.unset(profile, kind.file_key())?;
        profiles.set(profile, kind.keyring_key(), "true")?;
        "the system's keyring".to_owned()
    } else {
        let path = profiles.secrets_folder().join(format!("{profile}.{}", kind.name()));
        file::write_private(&path, value.as_bytes())?;
        profiles.unset(profile, kind.keyring_key())?;
        let place = path.display().to_string();
        profiles.set(profile, kind.file_key(), &place)?;
        place
    };
    context.console.note(&format!("{name} of profile {profile} is kept in {place}"));
    Ok(())
}

fn delete_secret(
    kind: SecretKind,
    profiles: &mut ProfileFile,
    profile: &str,
    context: &Context<'_>,
) -> Result<(), Failure> {
    if profiles.get(profile, kind.keyring_key()).is_some() {
        keyring::delete(profile, kind)?;
        profiles.unset(profile, kind.keyring_key())?;
    }
    if let Some(path) = profiles.get(profile, kind.file_key()) {
        // Only a file that this program wrote is its to delete.
        if path.starts_with(&*profiles.secrets_folder().to_string_lossy()) {
            let path = std::path::Path::new(&path);
            fs::remove_file(path).map_err(|error| Failure::of_file("cannot delete", path, &error))?;
        }
        profiles.unset(profile, kind.file_key())?;
    }
    context.console.note(&format!("profile {profile} has no {} any more", kind.name()));
    Ok(())
}
