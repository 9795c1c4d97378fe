//! `apptoken ks`.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use apptoken::value::KsVersion;
use apptoken::{AccountSecret, Ks, Privileges, SessionType, UnixSeconds};
use apptoken_ks::{KsFields, OpenError, OpenedKs};
use serde_json::{Map, Value, json};

use crate::cli::Context;
use crate::failure::{Code, Failure};
use crate::setup::{connect, secret};
use crate::show::{json, table, time};
use crate::values::{self, session_type_name};

/// Shows, verifies and makes session strings (KS)
#[derive(clap::Subcommand)]
#[command(after_help = "\
Examples:
  apptoken login | apptoken ks inspect
  apptoken ks verify --ks-file session.ks --admin-secret-file admin.secret
  apptoken ks mint --user alice --lifetime 1h --privileges 'list:*' --admin-secret-file admin.secret")]
pub(crate) enum KsCommand {
    /// Shows what a KS holds; with the account's admin secret, all of an encrypted one (V2) too
    #[command(after_help = "\
Examples:
  apptoken login | apptoken ks inspect
  apptoken ks inspect --ks-file session.ks
  apptoken ks inspect --ks-file session.ks --format json")]
    Inspect(Inspect),
    /// Verifies a KS with the account's admin secret; exit code 1 if it is not valid now
    #[command(after_help = "\
Examples:
  apptoken login | apptoken ks verify --admin-secret-file admin.secret
  apptoken ks verify --ks-file session.ks
  apptoken ks verify --ks-file session.ks --format json")]
    Verify(Inspect),
    /// Makes a KS with the account's admin secret, without a request
    #[command(after_help = "\
Examples:
  apptoken ks mint --user alice
  apptoken ks mint --type admin --lifetime 10m > admin.ks
  apptoken ks mint --user alice --privileges 'list:*' --admin-secret-file admin.secret")]
    Mint(Mint),
}

#[derive(clap::Args)]
pub(crate) struct Inspect {
    /// Reads the KS from a file; - is standard input, which is also read if it is not a terminal; else KALTURA_KS
    #[arg(long, value_name = "FILE")]
    ks_file: Option<PathBuf>,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

#[derive(clap::Args)]
pub(crate) struct Mint {
    /// The user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// user or admin
    #[arg(long = "type", value_name = "TYPE", default_value = "user", value_parser = values::session_type)]
    session_type: SessionType,
    /// The lifetime, such as 30m, 12h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = values::duration)]
    lifetime: Duration,
    /// The privileges, such as list:*
    #[arg(long, value_name = "LIST", value_parser = values::privileges)]
    privileges: Option<Privileges>,
    /// Makes the old format, which everybody can read
    #[arg(long)]
    v1: bool,
}

impl KsCommand {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Inspect(inspect) => inspect.show(context),
            Self::Verify(inspect) => inspect.verify(context),
            Self::Mint(mint) => mint.run(context),
        }
    }
}

/// Reads a KS from a file, standard input or the environment.
pub(crate) fn read(file: Option<&Path>) -> Result<Ks, Failure> {
    let text = match file {
        Some(path) if path != Path::new("-") => secret::read_file(path, &"--ks-file")?,
        None if env::var_os("KALTURA_KS").is_some_and(|ks| !ks.is_empty()) && io::stdin().is_terminal() => {
            from_environment()?
        }
        None if io::stdin().is_terminal() => {
            return Err(Failure::usage("there is no KS")
                .cure("apptoken login | apptoken ks inspect   (or --ks-file FILE, or set KALTURA_KS)"));
        }
        _ => {
            let text = secret::read_stdin()?;
            // Programs without a terminal often have an empty standard input.
            if text.is_empty() && file.is_none() { from_environment()? } else { text }
        }
    };
    Ok(Ks::parse(text.trim())?)
}

fn from_environment() -> Result<secret::Secret, Failure> {
    env::var("KALTURA_KS").map(secret::Secret::new).map_err(|_| {
        Failure::usage("there is no KS: standard input is empty and KALTURA_KS is not set")
            .cure("apptoken login | apptoken ks inspect   (or --ks-file FILE)")
    })
}

/// What is known of a KS.
struct Contents {
    version: KsVersion,
    partner: String,
    /// Whether the signature is that of the account's secret; unknown without the secret.
    signed: Option<bool>,
    fields: Option<Fields>,
}

struct Fields {
    user: String,
    session_type: String,
    privileges: String,
    expires_at: Option<UnixSeconds>,
}

impl Inspect {
    fn show(self, context: &Context<'_>) -> Result<(), Failure> {
        let ks = read(self.ks_file.as_deref())?;
        let contents = contents(&ks, context.settings.admin_secret()?.as_ref())?;
        self.write(&contents, context)
    }

    fn verify(self, context: &Context<'_>) -> Result<(), Failure> {
        let ks = read(self.ks_file.as_deref())?;
        let secret = require_admin_secret(context)?;
        let opened = apptoken_ks::open(ks.expose(), |_: &str| Some(&secret)).map_err(|error| not_valid(&error))?;
        self.write(&Contents::opened(&opened), context)?;
        if opened.is_expired(time::now()) {
            return Err(Failure::new(Code::Failure, "the KS is signed by this account, but it has expired")
                .cure("apptoken login"));
        }
        Ok(())
    }

    fn write(&self, contents: &Contents, context: &Context<'_>) -> Result<(), Failure> {
        if self.format.is_json() {
            return json::write(context.console, &contents.as_json());
        }
        table::write_pairs(context.console, &contents.as_pairs(context))
    }
}

fn contents(ks: &Ks, secret: Option<&AccountSecret>) -> Result<Contents, Failure> {
    if let Some(secret) = secret
        && let Ok(opened) = apptoken_ks::open(ks.expose(), |_: &str| Some(secret))
    {
        return Ok(Contents::opened(&opened));
    }
    let version = ks.version().ok_or_else(|| {
        Failure::new(Code::Failure, "this text is not a KS").cure("check that it is complete and copied without change")
    })?;
    let fields = ks.v1_fields().map(|fields| Fields {
        user: fields.user_id,
        session_type: type_name(Some(fields.session_type)),
        privileges: fields.privileges.to_string(),
        expires_at: Some(fields.expires_at),
    });
    let partner = ks.partner().map(|partner| partner.to_string()).unwrap_or_default();
    Ok(Contents { version, partner, signed: secret.map(|_| false), fields })
}

fn type_name(code: Option<i64>) -> String {
    code.and_then(SessionType::from_code).map_or("unknown", session_type_name).to_owned()
}

impl Contents {
    fn opened(opened: &OpenedKs) -> Self {
        let code = opened.session_type.as_deref().and_then(|code| code.parse().ok());
        Self {
            version: opened.version,
            partner: opened.partner_id.clone(),
            signed: Some(true),
            fields: Some(Fields {
                user: opened.user_id.clone().unwrap_or_default(),
                session_type: type_name(code),
                privileges: opened.privileges.clone().unwrap_or_default(),
                expires_at: opened.expires_at(),
            }),
        }
    }

    fn version_name(&self) -> &'static str {
        match self.version {
            KsVersion::V1 => "V1",
            KsVersion::V2 => "V2",
        }
    }

    fn as_pairs(&self, context: &Context<'_>) -> Vec<(&'static str, String)> {
        let signed = match self.signed {
            Some(true) => "signed by this account",
            Some(false) => "NOT signed with this admin secret",
            None if self.version == KsVersion::V2 => "encrypted: more with the admin secret",
            None => "signature not verified: that needs the admin secret",
        };
        let mut pairs = vec![("partner", format!("{} ({}, {signed})", self.partner, self.version_name()))];
        if let Some(fields) = &self.fields {
            let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            pairs.push(("user", or_none(&fields.user)));
            pairs.push(("type", fields.session_type.clone()));
            pairs.push(("privileges", or_none(&fields.privileges.replace(',', ", "))));
            if let Some(expires_at) = fields.expires_at {
                pairs.push(("expires", expiry(expires_at, context)));
            }
        }
        pairs
    }

    fn as_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("version".into(), self.version_name().into());
        object.insert(
            "partnerId".into(),
            self.partner.parse::<i64>().map_or_else(|_| self.partner.clone().into(), Value::from),
        );
        object.insert("signatureValid".into(), json!(self.signed));
        if let Some(fields) = &self.fields {
            object.insert("userId".into(), fields.user.clone().into());
            object.insert("sessionType".into(), fields.session_type.clone().into());
            object.insert("privileges".into(), fields.privileges.clone().into());
            if let Some(expires_at) = fields.expires_at {
                object.insert("expiry".into(), expires_at.0.into());
                object.insert("expiresAt".into(), expires_at.to_string().into());
                object.insert("expired".into(), (expires_at <= time::now()).into());
            }
        }
        object.into()
    }
}

/// When a KS ends: the time, how long that is, and the part of a day that is left, which is the usual lifetime.
fn expiry(expires_at: UnixSeconds, context: &Context<'_>) -> String {
    const USUAL_LIFETIME: u64 = 86_400;
    let now = time::now();
    let left = u64::try_from(expires_at.seconds_since(now)).unwrap_or_default();
    let (at, relative) = (time::local(expires_at), time::relative(expires_at, now));
    if left == 0 {
        return format!("{at}, {relative}: EXPIRED");
    }
    let whole = if left > USUAL_LIFETIME { left } else { USUAL_LIFETIME };
    format!("{at}, {relative}   {} of a day", time::bar(left, whole, context.console))
}

fn not_valid(error: &OpenError) -> Failure {
    Failure::new(Code::Failure, format!("the KS is not valid: {error}"))
        .likely("it is of another account or region, it was changed, or the admin secret is another one")
        .cure("apptoken ks inspect")
}

fn require_admin_secret(context: &Context<'_>) -> Result<AccountSecret, Failure> {
    context.settings.admin_secret()?.ok_or_else(connect::no_admin_secret)
}

impl Mint {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let secret = require_admin_secret(context)?;
        let partner = context.settings.partner()?;
        let privileges = self.privileges.map(|privileges| privileges.to_string()).unwrap_or_default();
        let fields = KsFields {
            user_id: self.user.as_deref(),
            privileges: &privileges,
            ..KsFields::new(partner, self.session_type, time::now().plus(self.lifetime))
        };
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| Failure::new(Code::Failure, "the system returned no random bytes"))?;
        let ks = if self.v1 {
            apptoken_ks::mint_v1(&secret, &fields, &u128::from_le_bytes(random).to_string())
        } else {
            apptoken_ks::mint_v2(&secret, &fields, random)
        };
        context.console.line(ks.expose())
    }
}
