//! `session.startWidgetSession`: `startWidgetSessionAction` in Kaltura's `api_v3/services/SessionService.php`.
//!
//! Recorded in `scenarios/start_widget_session.jsonl` and `scenarios/response_cache.jsonl` of `apptoken-golden`.

use alloc::string::{String, ToString as _};
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::value::ids::PartnerId;
use crate::value::ks::Ks;
use crate::value::text::check_set;
use crate::wire::action::{Action, Repeat};
use crate::wire::lenient::number_or_string;

/// `session.startWidgetSession`: starts an anonymous session, for which only the partner id is needed.
///
/// Send it without a KS: an invalid one makes the call fail. The server answers from its response cache for up to 600 s,
/// so several callers can get the same KS, and the KS can be that old.
#[derive(Clone, Debug, Serialize)]
pub struct StartWidgetSession {
    /// The widget id; `_` and the partner id for the default widget, which every account has.
    #[serde(rename = "widgetId")]
    pub widget_id: String,
    /// The lifetime of the session in seconds; a day if absent. With less than 900 s the cache can return a session that
    /// is expired or about to expire.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u32>,
}

impl StartWidgetSession {
    /// The lifetime of a session if the request gives none.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(86_400);

    /// How long the response cache keeps a reply: a session can be older than its reply by this much.
    pub const CACHE_LIFETIME: Duration = Duration::from_secs(600);

    /// A session of the account's default widget.
    #[must_use]
    pub fn of(partner: PartnerId) -> Self {
        // Not formatted: that of two ids took 4 % of a login without the network.
        Self { widget_id: ["_", &partner.get().to_string()].concat(), lifetime_seconds: None }
    }
}

impl Action for StartWidgetSession {
    type Reply = StartedWidgetSession;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "startWidgetSession";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        // The id of the default widget is an underscore and the partner id.
        check_set(self.widget_id.strip_prefix('_').unwrap_or(&self.widget_id), "the widget id")
    }
}

/// A new widget session: `KalturaStartWidgetSessionResponse`. The reply does not contain the expiry.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct StartedWidgetSession {
    /// The account of the widget.
    #[serde(rename = "partnerId", deserialize_with = "number_or_string")]
    pub partner_id: i64,
    /// The KS of the session.
    pub ks: Ks,
}
