use serde::Serialize;

use crate::wire::action::Action;

/// `session.end`: ends the session that the call is made with.
///
/// # On sessions of app tokens
///
/// All sessions of one app token are one group to the server. Ending any of them ends **every** session of that token, of
/// whatever user and process, and those that are started **afterwards** are dead on arrival (`INVALID_KS` with `LOGOUT`),
/// for a day or longer. To log one program out, drop its KS. To shut a token off, delete it with
/// [`Revoke`](crate::admin::Revoke).
///
/// A KS V2 does not tell whether an app token started it, so whoever calls this must say which it is.
///
/// Widget sessions cannot be ended: the call succeeds and the KS goes on. For a session that has ended already the server
/// answers `INVALID_KS`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct End {}

impl End {
    /// Ends a session that **no** app token started, such as one of [`Start`](super::Start).
    #[must_use]
    pub fn session_without_app_token() -> Self {
        Self {}
    }

    /// Consents to end every session of the app token that started this one, and those of the next day.
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
