//! A session of the app token, fresh enough for what it is used for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apptoken::{Event, Observer, Origin, Privileges, Provider, Session, SessionOptions, SessionType};

use super::connect;
use super::settings::Settings;
use crate::console::Console;
use crate::failure::Failure;
use crate::show::time;
use crate::values;

/// The options of a session.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Session")]
pub(crate) struct SessionArguments {
    /// The user, if the app token leaves it open
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// user or admin, if the app token leaves it open
    #[arg(long = "type", value_name = "TYPE", value_parser = values::session_type)]
    session_type: Option<SessionType>,
    /// The lifetime, such as 30m, 12h or 7d
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    lifetime: Option<Duration>,
    /// Privileges beyond those of the app token, such as list:*
    #[arg(long, value_name = "LIST", value_parser = values::privileges)]
    privileges: Option<Privileges>,
}

impl SessionArguments {
    pub(crate) fn options(&self) -> SessionOptions {
        let Self { user, session_type, lifetime, privileges } = self.clone();
        let mut options = SessionOptions::default();
        options.user_id = user;
        options.session_type = session_type;
        options.lifetime = lifetime;
        options.privileges = privileges;
        options
    }
}

/// How fresh a session must be.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Freshness {
    /// Starts a new session, whatever is cached
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The least time that the session must still last, such as 30m
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(crate) min_ttl: Option<Duration>,
}

/// Shows the events of a provider, and notes where its last session came from.
#[derive(Clone)]
pub(crate) struct Watcher {
    console: Console,
    verbose: bool,
    origin: Arc<Mutex<Option<Origin>>>,
}

impl Watcher {
    pub(crate) fn new(settings: &Settings, console: &Console) -> Self {
        Self { console: *console, verbose: settings.verbose(), origin: Arc::default() }
    }

    fn origin(&self) -> Option<Origin> {
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watcher {
    fn observe(&self, event: &Event<'_>) {
        if let Event::RenewalSucceeded { from, .. } = event {
            *self.origin.lock().unwrap_or_else(PoisonError::into_inner) = Some(*from);
        }
        match event {
            Event::StoreFailed { .. }
            | Event::CredentialWarning { .. }
            | Event::SourceFailed { .. }
            | Event::StaleSessionServed { .. }
            | Event::TokenExpiresSoon { .. } => self.console.warning(&event.to_string()),
            _ if self.verbose => self.console.note(&event.to_string()),
            _ => {}
        }
    }
}

/// A session and where it came from.
pub(crate) struct Obtained {
    pub(crate) session: Arc<Session>,
    pub(crate) from_cache: bool,
}

/// Returns a session that is fresh enough: the cached one, or a new one.
pub(crate) fn obtain(
    settings: &Settings,
    options: SessionOptions,
    freshness: Freshness,
    console: &Console,
) -> Result<(Provider, Obtained), Failure> {
    let watcher = Watcher::new(settings, console);
    let provider = connect::provider(settings, options, watcher.clone(), console)?;
    let mut session = provider.session()?;
    let is_from_cache = || watcher.origin() == Some(Origin::Store);
    let needed = freshness.min_ttl.unwrap_or_default();
    if is_from_cache() && (freshness.fresh || left(&session) < needed) {
        provider.invalidate(session.ks());
        session = provider.session()?;
    }
    if left(&session) < needed {
        let (left, needed) = (time::length(left(&session).as_secs()), time::length(needed.as_secs()));
        return Err(Failure::configuration(format!(
            "the app token gives sessions of {left}, but --min-ttl asks for {needed}"
        ))
        .cure("ask for less, or set a longer sessionDuration: apptoken token update ID --session-duration TIME"));
    }
    Ok((provider, Obtained { session, from_cache: is_from_cache() }))
}

/// The life that is left, by this machine's clock.
pub(crate) fn left(session: &Session) -> Duration {
    Duration::from_secs(session.expires_at().seconds_since(time::now()).try_into().unwrap_or_default())
}
