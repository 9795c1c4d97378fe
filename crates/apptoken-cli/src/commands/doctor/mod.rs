//! `apptoken doctor`: which link between this machine and a working session is broken.

mod account;
mod network;
mod report;

use std::error::Error as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use apptoken::SessionOptions;
use apptoken::store::{SessionKey, StoreError, StoreErrorKind};

use self::report::{Link, Report};
use crate::cli::Context;
use crate::failure::{Code, Failure};
use crate::setup::settings::{Found, Key, Settings};
use crate::setup::store;
use crate::show::json;

/// Finds out which link to Kaltura is broken, and how to mend it
#[derive(clap::Args)]
#[command(after_help = "\
It changes nothing in the account and shows no secret, so its output can be pasted into a ticket. The exit code is that
of the first broken link.

Examples:
  apptoken doctor
  apptoken doctor --action media.list
  apptoken doctor --profile prod --format json")]
pub(crate) struct Doctor {
    /// Finds out whether the session may call this action; only actions that read are tried
    #[arg(long, value_name = "SERVICE.ACTION")]
    action: Option<String>,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

impl Doctor {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let Context { console, settings, .. } = context;
        let mut report = Report::new(console, self.format);
        report.heading(&origin(settings));
        proxy_variables(settings, &mut report);
        check_store(settings, &mut report);
        // The order is that in which a login needs the links. After a broken one the next ones cannot be checked.
        let endpoint = settings.endpoint().map(|endpoint| (endpoint.to_string(), endpoint));
        if let Some(endpoint) = report.checked(Link::Settings, endpoint)
            && network::check(settings, &endpoint, &mut report)
        {
            account::check(settings, self.action.as_deref(), &mut report);
        }
        report.end()
    }
}

fn origin(settings: &Settings) -> String {
    let secret = settings.secret(crate::setup::secret::SecretKind::Token);
    let token = match secret {
        Ok(Some(found)) => format!("token from {}", found.origin),
        Ok(None) => "no token".to_owned(),
        Err(failure) => failure.what().to_owned(),
    };
    format!("{} ({}), {token}", settings.profile(), settings.profiles().path().display())
}

/// Most programs read the proxy from these variables; the library does not, and that can surprise.
fn proxy_variables(settings: &Settings, report: &mut Report<'_>) {
    const VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let set: Vec<_> =
        VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())).collect();
    if !set.is_empty() && matches!(settings.find(Key::Proxy), Ok(None)) {
        let set = set.join(", ");
        report.note(
            Link::Proxy,
            format!(
                "{set} is set and not used: apptoken connects directly; to use a proxy: apptoken config set proxy URL"
            ),
        );
    }
}

/// Where sessions are kept for other runs.
fn check_store(settings: &Settings, report: &mut Report<'_>) {
    match settings.find(Key::SessionStore) {
        Ok(Some(url)) => check_shared_store(&url, settings, report),
        Ok(None) => {
            let checked = store::open_folder();
            let checked = checked.map(|(folder, _)| (format!("sessions are cached in {}", folder.display()), ()));
            let _ = report.checked(Link::Store, checked);
        }
        Err(failure) => report.broken(Link::Store, &failure),
    }
}

fn check_shared_store(url: &Found<String>, settings: &Settings, report: &mut Report<'_>) {
    let store = match store::open_shared(&url.value, settings) {
        Ok(store) => store,
        Err(failure) => return report.broken(Link::Store, &failure),
    };
    let shared = format!("sessions are shared through {}", store::shown(&url.value));
    // The rest of the report says what is missing.
    let Ok((endpoint, credential)) = settings.config() else {
        return report.skip(Link::Store, format!("{shared}, which needs an app token to be checked"));
    };
    let key = SessionKey::new(&endpoint, &credential, SessionOptions::default());
    let begun = Instant::now();
    // Takes the lock of the session and releases it, as a login does, so that the rights are checked too.
    match store.renew_exclusively(&key, Duration::ZERO, &mut |_| None) {
        // Another run is logging in.
        Err(error) if error.kind() != StoreErrorKind::Locked => report.broken(Link::Store, &store_failure(&error)),
        _ => report.good(Link::Store, format!("{shared}, {} ms", begun.elapsed().as_millis())),
    }
}

fn store_failure(error: &StoreError) -> Failure {
    let cause = error.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let (code, cure) = match error.kind() {
        StoreErrorKind::Unavailable => (
            Code::Network,
            "check the server and the port in session-store, and the firewall; until then each run logs in by itself",
        ),
        StoreErrorKind::NotAuthentic => {
            (Code::Failure, "nothing, if the app token's value was replaced; else apptoken login --fresh")
        }
        _ => (
            Code::Configuration,
            "check the user, the password and the rights in session-store; until then each run logs in by itself",
        ),
    };
    Failure::new(code, format!("{error}{cause}")).cure(cure)
}
