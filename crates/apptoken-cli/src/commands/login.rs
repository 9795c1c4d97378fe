//! `apptoken login`.

use apptoken::{Endpoint, Session};
use serde_json::{Map, Value, json};

use crate::cli::Context;
use crate::failure::Failure;
use crate::setup::session::{self, Freshness, Obtained, SessionArguments};
use crate::show::{json, time};
use crate::values::session_type_name;

/// Prints a session (KS): the cached one, or a new one
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  apptoken login
  apptoken login --min-ttl 30m --format json
  eval \"$(apptoken login --format env)\"")]
pub(crate) struct Login {
    /// What is printed: the KS alone, an object, or lines for a shell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    freshness: Freshness,
    #[command(flatten)]
    session: SessionArguments,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Env,
}

impl Login {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let (_, obtained) = session::obtain(settings, self.session.options(), self.freshness, console)?;
        let session = &*obtained.session;
        for change in changes_in_words(session) {
            console.warning(&change);
        }
        match self.format {
            Format::Text => console.line(session.ks().expose())?,
            Format::Json => json::write(console, &as_json(&obtained))?,
            Format::Env => {
                let endpoint = settings.endpoint()?;
                let lines: String = variables(session, &endpoint)
                    .iter()
                    .map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''")))
                    .collect();
                console.data(lines.as_bytes())?;
            }
        }
        if console.stderr_is_terminal() {
            let from = if obtained.from_cache { ", from the cache" } else { "" };
            let (at, left) = (time::local(session.expires_at()), time::relative(session.expires_at(), time::now()));
            console.note(&format!("session{} until {at}, {left}{from}", of_user(session)));
        }
        Ok(())
    }
}

fn of_user(session: &Session) -> String {
    match session.user_id() {
        "" => String::new(),
        user => format!(" of {user}"),
    }
}

/// What a program needs to use the session.
pub(crate) fn variables(session: &Session, endpoint: &Endpoint) -> [(&'static str, String); 3] {
    [
        ("KALTURA_KS", session.ks().expose().to_owned()),
        ("KALTURA_PARTNER_ID", session.partner().to_string()),
        ("KALTURA_SERVICE_URL", service_url(endpoint)),
    ]
}

/// The URL as the official clients expect it, which add `/api_v3` themselves.
pub(crate) fn service_url(endpoint: &Endpoint) -> String {
    let url = endpoint.as_str();
    url.strip_suffix("/api_v3").unwrap_or(url).to_owned()
}

fn as_json(obtained: &Obtained) -> Value {
    let session = &*obtained.session;
    json!({
        "ks": session.ks().expose(),
        "expiry": session.expires_at().0,
        "expiresAt": session.expires_at().to_string(),
        "partnerId": session.partner().get(),
        "userId": session.user_id(),
        "sessionType": session_type_name(session.session_type()),
        "privileges": session.privileges().to_string(),
        "appTokenId": session.app_token().as_str(),
        "hashType": session.hash_type().as_str(),
        "fromCache": obtained.from_cache,
        "changes": changes_as_json(session),
    })
}

/// What the server granted otherwise than requested.
fn changes_as_json(session: &Session) -> Value {
    let changes = session.changes();
    let mut object = Map::new();
    if let Some(shortened) = changes.shortened {
        object.insert("requestedLifetime".into(), shortened.requested.as_secs().into());
        object.insert("grantedLifetime".into(), shortened.granted.as_secs().into());
    }
    if let Some(user) = &changes.requested_user {
        object.insert("requestedUserId".into(), user.as_str().into());
    }
    if let Some(session_type) = changes.requested_type {
        object.insert("requestedSessionType".into(), session_type_name(session_type).into());
    }
    if !changes.dropped_privileges.is_empty() {
        object.insert("droppedPrivileges".into(), changes.dropped_privileges.to_string().into());
    }
    object.into()
}

fn changes_in_words(session: &Session) -> Vec<String> {
    let changes = session.changes();
    let mut words = Vec::new();
    if let Some(shortened) = changes.shortened {
        let (granted, requested) =
            (time::length(shortened.granted.as_secs()), time::length(shortened.requested.as_secs()));
        words.push(format!("the session lasts {granted} instead of {requested}: the app token allows no more"));
    }
    if !changes.dropped_privileges.is_empty() {
        words.push(format!("the server dropped these privileges: {}", changes.dropped_privileges));
    }
    words
}
