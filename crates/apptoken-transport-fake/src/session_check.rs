//! The checks of a session: its expiry, its restrictions, revocation and the limit of its uses. The server makes them in this
//! order.

use apptoken_core::UnixSeconds;

use crate::error::{self, ApiError, invalid_ks};
use crate::model::revocation::UseResult;
use crate::model::session::Session;
use crate::model::state::State;
use crate::php::cast::{is_positive, text_to_int};
use crate::request_info::RequestInfo;

/// The client address. The fake has no other, so `iprestrict` allows only this one.
pub(crate) const REMOTE_ADDRESS: &str = "127.0.0.1";

// The codes and names are those of the server.
const EXPIRED: Reason = (-5, "EXPIRED");
const RESTRICTED_IP: Reason = (-9, "EXCEEDED_RESTRICTED_IP");
const RESTRICTED_URI: Reason = (-11, "EXCEEDED_RESTRICTED_URI");

/// Why a session is not valid: the code and the name of the reason.
type Reason = (i64, &'static str);

/// Checks that the session has not expired.
pub(crate) fn expiry(session: &Session, info: RequestInfo<'_>) -> Result<(), ApiError> {
    refuse(if is_expired(session, info) { Some(EXPIRED) } else { None })
}

/// Checks that the session may be used from the address of the client.
pub(crate) fn address(session: &Session) -> Result<(), ApiError> {
    refuse(if is_from_allowed_address(session) { None } else { Some(RESTRICTED_IP) })
}

/// Checks that the session may be used for the URI of the request.
pub(crate) fn uri(session: &Session, info: RequestInfo<'_>) -> Result<(), ApiError> {
    refuse(if is_for_allowed_uri(session, info) { None } else { Some(RESTRICTED_URI) })
}

fn refuse(reason: Option<Reason>) -> Result<(), ApiError> {
    reason.map_or(Ok(()), |(_, reason)| Err(invalid_ks(reason)))
}

/// Checks that the session was not revoked and may be used again. Counts the use if it is limited.
pub(crate) fn revocation(state: &mut State, session: &Session, info: RequestInfo<'_>) -> Result<(), ApiError> {
    // The server never looks up widget sessions, so they cannot be revoked.
    if !session.ks.is_widget_session() {
        let session_id_hash = session.ks.session_id_hash();
        match state.revocations.use_session(&session.ks.digest, session_id_hash.as_deref()) {
            UseResult::Revoked => return Err(invalid_ks("LOGOUT")),
            UseResult::UsedUp => return Err(invalid_ks("EXCEEDED_ACTIONS_LIMIT")),
            UseResult::Counted => {}
            UseResult::NoRow => start_to_count(state, session)?,
        }
    }
    let partner_id = session.partner_id();
    if state.account(partner_id).is_some_and(|account| account.has_feature("FEATURE_END_USER_REPORTS")) {
        state.make_room()?;
        make_user(state, partner_id, session.user_id(), info.now);
    }
    Ok(())
}

/// Why the fields of a session make it invalid.
pub(crate) fn why_invalid(session: &Session, info: RequestInfo<'_>) -> Option<Reason> {
    if is_expired(session, info) {
        Some(EXPIRED)
    } else if !is_from_allowed_address(session) {
        Some(RESTRICTED_IP)
    } else if !is_for_allowed_uri(session, info) {
        Some(RESTRICTED_URI)
    } else {
        None
    }
}

fn is_expired(session: &Session, info: RequestInfo<'_>) -> bool {
    session.ks.is_expired(UnixSeconds(info.now))
}

fn is_from_allowed_address(session: &Session) -> bool {
    let allowed = session.ks.privilege("iprestrict");
    allowed.is_none_or(|addresses| addresses.iter().any(|address| address == REMOTE_ADDRESS))
}

fn is_for_allowed_uri(session: &Session, info: RequestInfo<'_>) -> bool {
    let allowed = session.ks.privilege("urirestrict");
    allowed.is_none_or(|values| values.join("/").split('|').any(|allowed| is_allowed_uri(allowed, info.uri)))
}

fn is_allowed_uri(allowed: &str, uri: &str) -> bool {
    uri == allowed || allowed.strip_suffix('*').is_some_and(|prefix| uri.starts_with(prefix))
}

fn start_to_count(state: &mut State, session: &Session) -> Result<(), ApiError> {
    let Some(limit) = session.privilege_text("actionslimit") else { return Ok(()) };
    if !is_positive(limit) {
        return Err(error::INVALID_ACTIONS_LIMIT.plain());
    }
    // `1.5` counts as 1, and so does a fraction below 1.
    state.revocations.limit(&session.ks.digest, text_to_int(limit).max(1) - 1);
    Ok(())
}

/// How often the session may still be used; `None` if it is not limited, or revoked.
pub(crate) fn actions_left(state: &State, session: &Session) -> Option<i64> {
    let counted = state.revocations.actions_left(&session.ks.digest);
    let limit = session.privilege_text("actionslimit").filter(|limit| is_positive(limit));
    counted.or_else(|| limit.map(|limit| text_to_int(limit).max(1)))
}

/// Creates the user of a session when it is first used. The server does so in accounts with FEATURE_END_USER_REPORTS.
fn make_user(state: &mut State, partner_id: i64, user_id: &str, now: i64) {
    let id = (!user_id.is_empty()).then_some(user_id);
    let row = state.users.find_or_make_for_request(partner_id, id, now);
    let is_nobody = matches!(user_id, "" | "0");
    if let Some(user) = state.users.get(row).filter(|user| is_nobody && user.screen_name.as_deref() != Some("Unknown"))
    {
        let mut user = user.clone();
        user.screen_name = Some("Unknown".to_owned());
        user.updated_at = now;
        state.users.put(user);
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed_uri;

    #[test]
    fn a_uri_must_be_equal_or_match_a_prefix_with_star() {
        assert!(is_allowed_uri("/api_v3/service/user/*", "/api_v3/service/user/action/get"));
        assert!(is_allowed_uri("/api_v3/", "/api_v3/"));
        assert!(!is_allowed_uri("/api_v3/", "/api_v3/x"));
        assert!(!is_allowed_uri("/api_v3/service/user/*", "/api_v3/service/session/action/end"));
    }
}
