use tracing::{Level, event};

use super::{Event, Observer};

/// Hands every event to [`tracing`], as a line of text with the target `apptoken`.
///
/// Warnings for what a person should look at: renewals that fail, a session that stays in use because of it, a token
/// that ends soon or lies open, a store that fails. Everything else is at level `DEBUG`.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "ureq")] {
/// use apptoken::{Provider, TracingObserver};
///
/// let provider = Provider::builder_from_env()?.observer(TracingObserver).build();
/// # let _ = provider;
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn observe(&self, observed: &Event<'_>) {
        match observed {
            Event::RenewalFailed { error, .. } => {
                event!(target: "apptoken", Level::WARN, advice = %error.advice(), "{observed}");
            }
            Event::ServedStale { .. }
            | Event::TokenEndsSoon { .. }
            | Event::SourceFailed { .. }
            | Event::RefresherPanicked
            | Event::CredentialWarning { .. }
            | Event::StoreFailed { .. } => {
                event!(target: "apptoken", Level::WARN, "{observed}");
            }
            Event::RenewalStarted { .. }
            | Event::RenewalSucceeded { .. }
            | Event::Invalidated { .. }
            | Event::ManyStarted { .. } => event!(target: "apptoken", Level::DEBUG, "{observed}"),
        }
    }
}
