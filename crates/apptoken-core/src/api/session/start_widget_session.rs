use alloc::format;
use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::value::ids::PartnerId;
use crate::value::ks::Ks;
use crate::wire::action::{Action, Repeat};
use crate::wire::lenient::number_or_text;

/// `session.startWidgetSession`: an anonymous session, for which nothing but the account's number is needed.
///
/// Send it without a KS: a bad one makes it fail. The server answers it from its response cache for up to 600 s, so
/// several callers may get the same KS, and it may be that old.
#[derive(Clone, Debug, Serialize)]
pub struct StartWidgetSession {
    /// The widget: `_` and the partner id for the one that every account has.
    #[serde(rename = "widgetId")]
    pub widget_id: String,
    /// How long the session is to last, in seconds; a day if absent. With less than 900 s the cache may return one that
    /// has already ended.
    #[serde(rename = "expiry", skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<u32>,
}

impl StartWidgetSession {
    /// How long the session lasts if nothing is asked.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(86_400);

    /// The longest that the response cache keeps a reply: a session can be that much older than its reply.
    pub const CACHED: Duration = Duration::from_secs(600);

    /// A session of the widget that every account has.
    #[must_use]
    pub fn of(partner: PartnerId) -> Self {
        Self { widget_id: format!("_{partner}"), lifetime_seconds: None }
    }
}

impl Action for StartWidgetSession {
    type Reply = StartedWidgetSession;
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "startWidgetSession";
    const REPEAT: Repeat = Repeat::Always;
}

/// `KalturaStartWidgetSessionResponse`. Its `userId` is always 0 and left out; its expiry is not told.
#[derive(Clone, Debug, Deserialize)]
pub struct StartedWidgetSession {
    /// The account of the widget.
    #[serde(rename = "partnerId", deserialize_with = "number_or_text")]
    pub partner_id: i64,
    /// The session.
    pub ks: Ks,
}
