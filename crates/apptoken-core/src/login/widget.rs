//! The widget session that a login starts from.

use crate::error::Error;
use crate::error::code::{KalturaCode, KsFault};
use crate::error::kind::ErrorKind;
use crate::value::ks::Ks;
use crate::value::time::Moment;

/// The widget session of a login: other logins to the same account can start from it.
#[derive(Clone, Debug)]
pub struct WidgetSession {
    /// The KS.
    pub ks: Ks,
    /// When the reply came; unless [`fresh`](Self::fresh), the session may be 600 s older.
    pub obtained_at: Moment,
    /// Whether the server's response cache was bypassed.
    pub fresh: bool,
}

/// Whether the widget session that the hash was taken over may be to blame, so that a new one may help.
pub(super) fn needs_new_widget_session(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Kaltura(
            KalturaCode::InvalidAppTokenHash
                | KalturaCode::InvalidKs(
                    KsFault::Expired | KsFault::LoggedOut | KsFault::ActionsLimitExceeded | KsFault::NotRecognised
                )
        )
    )
}
