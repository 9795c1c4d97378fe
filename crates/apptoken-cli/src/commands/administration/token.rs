//! `apptoken token`.

use std::time::Duration;

use apptoken::admin::{AuditedToken, OldToken};
use apptoken::api::app_token::{self, AppToken, AppTokenChanges, AppTokenFilter, NewAppToken, TokenExpiry};
use apptoken::{AllPages, AppTokenId, Credential, Privileges, SessionType};
use serde_json::Value;

use super::handover::{HandoverArguments, STORE_IT};
use super::{change, progress_of, when};
use crate::cli::Context;
use crate::console::Console;
use crate::failure::{Code, Failure};
use crate::prompt;
use crate::setup::connect;
use crate::show::{json, table, time};
use crate::values::{self, session_type_name};

/// Looks after app tokens: add, list, get, update, delete, rotate, audit
#[derive(clap::Subcommand)]
#[command(after_help = "\
The admin secret is used if there is one, else the session of the app token. Option --hash-type is that of the new token.

Examples:
  apptoken token list
  apptoken token rotate 1_ab12cd34 --hash-type sha256 --delete-after 1d --to importer.env
  apptoken token audit --format json")]
pub(crate) enum Token {
    /// Adds a token, and shows its value once
    #[command(after_help = "\
Examples:
  apptoken token add --user importer --to importer.env
  apptoken token add --user importer --session-duration 1h --privileges list:* --expires-in 90d
  apptoken token add --user importer --to secret.yaml --form kubernetes")]
    Add(Add),
    /// Lists the tokens
    #[command(after_help = "\
Examples:
  apptoken token list
  apptoken token list --user importer
  apptoken token list --format json")]
    List(List),
    /// Shows a token
    #[command(after_help = "\
Examples:
  apptoken token get 1_ab12cd34
  apptoken token get 1_ab12cd34 --format json
  apptoken token get 1_ab12cd34 --reveal")]
    Get(Get),
    /// Changes a token; sessions that exist do not change
    #[command(after_help = "\
Examples:
  apptoken token update 1_ab12cd34 --session-duration 1h
  apptoken token update 1_ab12cd34 --expires-in 90d
  apptoken token update 1_ab12cd34 --description 'nightly import'")]
    Update(Update),
    /// Deletes a token and revokes its sessions
    #[command(after_help = "\
Examples:
  apptoken token delete 1_ab12cd34
  apptoken token delete 1_ab12cd34 --yes
  apptoken token delete 1_ab12cd34 --profile prod")]
    Delete(Delete),
    /// Replaces a token by a successor that is tested before the old one goes
    #[command(after_help = "\
Examples:
  apptoken token rotate 1_ab12cd34 --delete-after 1d --to importer.env
  apptoken token rotate 1_ab12cd34 --keep-old --hash-type sha256 --to importer.env
  apptoken token rotate 1_ab12cd34 --delete-after 5m --expires-in 90d --yes --format json")]
    Rotate(Rotate),
    /// Checks all tokens for risks; the exit code is 1 if one needs attention
    #[command(after_help = "\
Examples:
  apptoken token audit
  apptoken token audit --expiring-within 7d
  apptoken token audit --format json")]
    Audit(Audit),
}

/// What a token can hold.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Properties {
    /// The user of its sessions
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The type of its sessions: user or admin
    #[arg(long = "type", value_name = "TYPE", value_parser = values::session_type)]
    session_type: Option<SessionType>,
    /// The longest lifetime of a session
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    session_duration: Option<Duration>,
    /// The privileges of its sessions, such as list:*
    #[arg(long, value_name = "LIST", value_parser = values::privileges)]
    privileges: Option<Privileges>,
    /// When it expires
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    expires_in: Option<Duration>,
    /// A description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Properties {
    fn expiry(&self) -> Result<Option<TokenExpiry>, Failure> {
        Ok(self.expires_in.map(|after| TokenExpiry::after(after, time::now())).transpose()?)
    }
}

#[derive(clap::Args)]
pub(crate) struct Add {
    #[command(flatten)]
    properties: Properties,
    #[command(flatten)]
    handover: HandoverArguments,
}

#[derive(clap::Args)]
pub(crate) struct List {
    /// Only those of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Shows the values, which are secrets
    #[arg(long)]
    reveal: bool,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

#[derive(clap::Args)]
pub(crate) struct Get {
    /// The token's id
    #[arg(value_parser = values::token_id)]
    id: AppTokenId,
    /// Shows the value, which is a secret
    #[arg(long)]
    reveal: bool,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

#[derive(clap::Args)]
pub(crate) struct Update {
    /// The token's id
    #[arg(value_parser = values::token_id)]
    id: AppTokenId,
    #[command(flatten)]
    properties: Properties,
    /// It never expires
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

#[derive(clap::Args)]
pub(crate) struct Delete {
    /// The token's id
    #[arg(value_parser = values::token_id)]
    id: AppTokenId,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args)]
#[group(id = "old", required = true, multiple = false, args = ["keep_old", "delete_after"])]
pub(crate) struct Rotate {
    /// The old token's id
    #[arg(value_parser = values::token_id)]
    id: AppTokenId,
    /// Keeps the old token, to be deleted later with: apptoken token delete
    #[arg(long)]
    keep_old: bool,
    /// Deletes the old token after this time, in which both work; 0s for at once, and up to 5m are waited for
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    delete_after: Option<Duration>,
    /// When the successor expires, if not when the old token does
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    expires_in: Option<Duration>,
    /// Does not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    handover: HandoverArguments,
}

#[derive(clap::Args)]
pub(crate) struct Audit {
    /// Reports tokens that expire within this time
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = values::duration)]
    expiring_within: Duration,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

impl Token {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Add(add) => add.run(context),
            Self::List(list) => list.run(context),
            Self::Get(get) => get.run(context),
            Self::Update(update) => update.run(context),
            Self::Delete(delete) => delete.run(context),
            Self::Rotate(rotate) => rotate.run(context),
            Self::Audit(audit) => audit.run(context),
        }
    }
}

impl Add {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        self.handover.check()?;
        let expiry = self.properties.expiry()?;
        let Properties { user, session_type, session_duration, privileges, expires_in: _, description } =
            self.properties;
        let new = NewAppToken {
            expiry,
            session_type: Some(session_type.unwrap_or(SessionType::User)),
            session_user_id: user,
            session_duration,
            session_privileges: privileges,
            // The server's default is SHA1.
            hash_type: Some(context.settings.hash_type_option()?.unwrap_or(apptoken::HashType::Sha256)),
            description,
        };
        let token = connect::admin(&context.settings, context.console)?.call(app_token::Add { app_token: new })?;
        let value = token
            .token
            .clone()
            .ok_or_else(|| Failure::new(Code::Failure, "the server did not return the token's value"))?;
        let credential = Credential::new(context.settings.partner()?, token.id.clone(), value, token.hash_type);
        let in_file = self.handover.write_file(&credential, context)?;
        show(&token, !in_file, self.handover.format(), context)?;
        if !in_file {
            context.console.note(STORE_IT);
        }
        Ok(())
    }
}

impl List {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let admin = connect::admin(settings, console)?;
        let filter = AppTokenFilter { session_user_id_equal: self.user, ..AppTokenFilter::default() };
        let list = app_token::List::new(filter);
        let list = if self.reveal { list } else { list.without_token_values() };
        let pages =
            AllPages::new(admin.endpoint().clone(), list, admin.session()?).on_page(progress_of(console, "tokens"));
        let tokens = admin.run(pages);
        console.clear_progress();
        let tokens = tokens?;
        if self.format.is_json() {
            let values = tokens.iter().map(|token| as_json(token, self.reveal)).collect::<Result<Vec<_>, _>>()?;
            return json::write(console, &values);
        }
        let mut headings = vec!["id", "user", "type", "hash", "status", "expires", "description"];
        headings.extend(self.reveal.then_some("value"));
        let rows: Vec<_> = tokens.iter().map(|token| row(token, self.reveal)).collect();
        table::write(console, &headings, &rows)
    }
}

fn row(token: &AppToken, reveal: bool) -> Vec<String> {
    let mut row = vec![
        token.id.to_string(),
        token.session_user_id.clone().unwrap_or_else(|| "any".to_owned()),
        type_name(token),
        token.hash_type.as_str().to_owned(),
        format!("{:?}", token.status).to_lowercase(),
        token.expiry.map_or_else(|| "never".to_owned(), |at| at.relative_to(time::now()).to_string()),
        token.description.clone().unwrap_or_default(),
    ];
    row.extend(reveal.then(|| value(token)));
    row
}

fn type_name(token: &AppToken) -> String {
    token.session_type.map_or("any", session_type_name).to_owned()
}

fn value(token: &AppToken) -> String {
    token.token.as_ref().map(|value| value.expose().to_owned()).unwrap_or_default()
}

fn as_json(token: &AppToken, reveal: bool) -> Result<Value, Failure> {
    let mut object = serde_json::to_value(token).map_err(|error| Failure::new(Code::Failure, error.to_string()))?;
    if let (true, Value::Object(members)) = (reveal, &mut object) {
        members.insert("token".into(), value(token).into());
    }
    Ok(object)
}

fn show(token: &AppToken, reveal: bool, format: json::Format, context: &Context<'_>) -> Result<(), Failure> {
    if format.is_json() {
        return json::write(context.console, &as_json(token, reveal)?);
    }
    let mut pairs = vec![
        ("id", token.id.to_string()),
        ("status", format!("{:?}", token.status).to_lowercase()),
        ("user", token.session_user_id.clone().unwrap_or_else(|| "any".to_owned())),
        ("type", type_name(token)),
        ("hash type", token.hash_type.as_str().to_owned()),
        ("longest session", time::length(token.longest_session().as_secs())),
        ("privileges", token.session_privileges.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("expires", when(token.expiry)),
        ("created", when(Some(token.created_at))),
        ("description", token.description.clone().unwrap_or_default()),
    ];
    pairs.extend(reveal.then(|| ("token value", value(token))));
    table::write_pairs(context.console, &pairs)
}

impl Get {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let token = connect::admin(&context.settings, context.console)?.call(app_token::Get { id: self.id })?;
        show(&token, self.reveal, self.format, context)
    }
}

impl Update {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let expiry = self.properties.expiry()?;
        let Properties { user, session_type, session_duration, privileges, expires_in: _, description } =
            self.properties;
        let changes = AppTokenChanges {
            expiry: if self.never_expires { apptoken::value::Change::Clear } else { change(expiry) },
            session_type: change(session_type),
            session_user_id: change(user),
            session_duration,
            session_privileges: change(privileges),
            hash_type: context.settings.hash_type_option()?,
            description: change(description),
        };
        if changes == AppTokenChanges::default() {
            return Err(Failure::usage("there is nothing to change").cure("apptoken token update --help"));
        }
        let admin = connect::admin(&context.settings, context.console)?;
        let token = admin.call(app_token::Update { id: self.id, changes })?;
        show(&token, false, self.format, context)
    }
}

impl Delete {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        prompt::confirm(&format!("Delete the token {} and revoke its sessions?", self.id), self.yes)?;
        let admin = connect::admin(settings, console)?;
        let revocation = admin.run(admin.revoke(self.id.clone())?)?;
        let done = if revocation.existed { "is deleted, its sessions are revoked" } else { "did not exist any more" };
        console.note(&format!("{} {done}", self.id));
        Ok(())
    }
}

impl Rotate {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let hash_type = settings.hash_type_option()?;
        self.handover.check()?;
        let old_token = self.delete_after.map_or(OldToken::Keep, OldToken::DeleteAfter);
        if self.delete_after.is_some() {
            prompt::confirm(&format!("Delete the token {} after its successor works?", self.id), self.yes)?;
        }
        let admin = connect::admin(settings, console)?;
        let mut rotate = admin.rotate(self.id.clone(), old_token)?;
        if let Some(after) = self.expires_in {
            rotate = rotate.expiry(TokenExpiry::after(after, time::now())?);
        }
        if let Some(hash_type) = hash_type {
            rotate = rotate.hash_type(hash_type);
        }
        let rotation = admin.run(rotate)?;
        self.handover.write(&rotation.successor, context)?;
        let fate = match rotation.pending_revocation {
            Some(pending) => {
                format!("delete {} at {}: apptoken token delete {0}", pending.id, time::local(pending.due))
            }
            None if rotation.old_token_deleted => format!("{} is deleted", self.id),
            None => format!("{} still works, until: apptoken token delete {0}", self.id),
        };
        console.note(&fate);
        Ok(())
    }
}

impl Audit {
    fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let admin = connect::admin(settings, console)?;
        let audit = admin.audit()?.expiring_within(self.expiring_within).on_page(progress_of(console, "tokens"));
        let audited = admin.run(audit);
        console.clear_progress();
        let audited = audited?;
        self.write(&audited, console)?;
        // As of doctor and of audits of other programs, for scripts that watch an account.
        let needs_attention = audited.iter().any(|audited| !audited.findings.is_empty());
        if needs_attention { Err(Failure::reported(Code::Failure as u8)) } else { Ok(()) }
    }

    fn write(&self, audited: &[AuditedToken], console: &Console) -> Result<(), Failure> {
        if self.format.is_json() {
            return json::write(console, &audited);
        }
        let rows: Vec<_> = audited
            .iter()
            .map(|audited| {
                let findings: Vec<_> = audited.findings.iter().map(ToString::to_string).collect();
                let findings = if findings.is_empty() { "ok".to_owned() } else { findings.join("; ") };
                let user = audited.token.session_user_id.clone().unwrap_or_else(|| "any".to_owned());
                vec![audited.token.id.to_string(), user, findings]
            })
            .collect();
        table::write(console, &["id", "user", "findings"], &rows)
    }
}
