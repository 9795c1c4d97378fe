//! Widget sessions, which logins start from.

use crate::error::Error;
use crate::error::code::{KalturaCode, KsFault};
use crate::error::kind::ErrorKind;
use crate::value::ks::Ks;
use crate::value::time::Moment;

/// The widget session that a login obtained. Other logins to the same account can start from it.
#[derive(Clone, Debug)]
pub struct WidgetSession {
    /// The session string.
    pub ks: Ks,
    /// When the reply was received. Unless [`fresh`](Self::fresh), the session can be up to 600 s older.
    pub obtained_at: Moment,
    /// Whether the server's response cache was bypassed.
    pub fresh: bool,
}

/// Whether the error can be the fault of the widget session, so that a new one could succeed. A refused hash is one: the
/// server caches that error under a key without the KS, so it can be the error of another widget session (observed on release
/// Venus-22.19.0).
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
