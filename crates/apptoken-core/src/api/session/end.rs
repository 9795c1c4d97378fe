//! `session.end`: `endAction` in Kaltura's `api_v3/services/SessionService.php`.
//!
//! Recorded in `scenarios/invalidation.jsonl` of `apptoken-golden`.

use serde::Serialize;

use crate::wire::action::Action;

/// `session.end`: revokes the session that the call is made with.
///
/// # On sessions of app tokens
///
/// The server treats all sessions of one app token as one group, because they share the privilege `sessionid`. Ending one
/// of them revokes **every** session of that token, of all users and processes. Sessions that start **afterwards** are
/// revoked from the start (`INVALID_KS` with the reason `LOGOUT`), for a day or longer. To log out one program, drop its
/// KS. To disable a token, delete it with [`Revoke`](crate::admin::Revoke).
///
/// A KS V2 does not show whether an app token started it, so the caller must state which kind of session it is.
///
/// Widget sessions cannot be ended: the call succeeds, but the KS remains valid. For a session that is already expired or
/// revoked, the server returns `INVALID_KS`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct End {}

impl End {
    /// Ends a session that **no** app token started, such as one from [`Start`](super::Start).
    #[must_use]
    pub fn session_without_app_token() -> Self {
        Self {}
    }

    /// Ends every session of the app token that started this one, including those that start within the next day.
    #[must_use]
    pub fn every_session_of_the_app_token_for_a_day() -> Self {
        Self {}
    }
}

impl Action for End {
    type Reply = ();
    const SERVICE: &'static str = "session";
    const ACTION: &'static str = "end";
}
