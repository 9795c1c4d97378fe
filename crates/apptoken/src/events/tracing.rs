use tracing::{Level, event};

use super::{Event, Observer};

/// Reports each event to [`tracing`], as a line of text with the target `apptoken`.
///
/// Events that need attention are at level `WARN`: failed renewals, stale sessions in use, a token that expires soon or that
/// others can read, a server that is called without encryption, failures of the source and the store, panics. All others are at level `DEBUG`.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// use apptoken::{Builder, Config, EnvSource, TracingObserver};
///
/// let endpoint = Config::from_env()?.endpoint;
/// let provider = Builder::new(endpoint).provider(EnvSource).observer(TracingObserver).build();
/// # let _ = provider;
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn observe(&self, observed: &Event<'_>) {
        match observed {
            Event::RenewalFailed { .. }
            | Event::StaleSessionServed { .. }
            | Event::TokenExpiresSoon { .. }
            | Event::SourceFailed { .. }
            | Event::RefresherPanicked
            | Event::CredentialWarning { .. }
            | Event::UnencryptedServer { .. }
            | Event::StoreFailed { .. } => {
                event!(target: "apptoken", Level::WARN, "{observed}");
            }
            Event::RenewalStarted { .. }
            | Event::RenewalSucceeded { .. }
            | Event::SessionInvalidated { .. }
            | Event::ManySessionsProgress { .. }
            | Event::ManySessionsStarted { .. } => event!(target: "apptoken", Level::DEBUG, "{observed}"),
        }
    }
}
