//! `apptoken doctor`: which link between this machine and a working session is broken.

mod account;
mod network;
mod report;

use std::process::ExitCode;

use self::report::{Link, Report};
use crate::cli::Context;
use crate::failure::{Code, Failure};
use crate::setup::folders;
use crate::setup::settings::{Key, Settings};
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
        store(&mut report);
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

fn store(report: &mut Report<'_>) {
    let check = || {
        let folder = folders::sessions()?;
        let shown = folder.display().to_string();
        let failed = |why: String| {
            Failure::new(Code::Failure, format!("{shown}: {why}"))
                .cure(format!("chmod 700 {shown}, or set XDG_CACHE_HOME to a folder of your own"))
        };
        folders::create(&folder).map_err(|error| failed(error.to_string()))?;
        apptoken::store::FileStore::new(&folder).map_err(|error| failed(error.to_string()))?;
        Ok((format!("sessions are cached in {shown}"), ()))
    };
    let _ = report.checked(Link::Store, check());
}
