//! Who calls: the KS, the account that is asked for, and what both are allowed.

use crate::actions::Action;
use crate::cache::KsState;
use crate::error::{self, ApiError, Failure, invalid_ks};
use crate::model::revocation::Known;
use crate::model::user::STATUS_BLOCKED;
use crate::model::{Session, State};
use crate::output::Output;
use crate::permissions::Permissions;
use crate::php::cast::{equals_int, is_numeric, is_true, text_to_int, to_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};

pub(crate) const PARTNER_ACTIVE: i64 = 1;

/// Where requests come from; nothing else is known of them.
const REMOTE_ADDRESS: &str = "127.0.0.1";

const EXPIRED: (i64, &str) = (-5, "EXPIRED");
const RESTRICTED_IP: (i64, &str) = (-9, "EXCEEDED_RESTRICTED_IP");
const RESTRICTED_URI: (i64, &str) = (-11, "EXCEEDED_RESTRICTED_URI");

/// What belongs to the request as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) uri: &'a str,
    pub(crate) is_https: bool,
    pub(crate) now_nanos: i64,
}

impl Surroundings<'_> {
    pub(crate) fn now(&self) -> i64 {
        self.now_nanos.div_euclid(1_000_000_000)
    }
}

/// The caller of an action.
pub(crate) struct Context {
    pub(crate) session: Option<Session>,
    /// The account that the request names, as it names it.
    requested: Option<Value>,
}

impl Context {
    /// Reads the KS and the account of a request.
    pub(crate) fn of(state: &mut State, params: &Array) -> Result<Self, ApiError> {
        let ks = set(params, "ks").filter(|ks| is_true(ks));
        let session = match ks {
            Some(ks) => {
                let text = to_text(ks);
                Some(state.open(&text).map_err(|_| invalid_ks(&text))?)
            }
            None => None,
        };
        let named = |name| set(params, name).filter(|value| is_true(value) || ks.is_some());
        let requested = named("p").filter(|value| is_true(value)).or_else(|| named("partnerId"));
        let is_ignored = |value: &Value| session.is_some() && equals_int(value, 0);
        let requested = requested.filter(|value| !is_ignored(value) && !to_text(value).is_empty()).cloned();
        Ok(Self { session, requested })
    }

    /// The account that the call is about.
    pub(crate) fn partner_id(&self) -> i64 {
        match (&self.requested, &self.session) {
            (Some(requested), _) => to_int(requested),
            (None, Some(session)) => session.partner_id(),
            (None, None) => 0,
        }
    }

    /// Its id as a text.
    pub(crate) fn partner_text(&self) -> String {
        match (&self.requested, &self.session) {
            (Some(requested), _) => to_text(requested).into_owned(),
            (None, Some(session)) => session.ks.partner_id.clone(),
            (None, None) => "0".to_owned(),
        }
    }

    /// Its id in an answer: of the type that the request has it in.
    pub(crate) fn partner_output(&self) -> Output {
        match &self.requested {
            Some(requested) => requested.into(),
            None => self.partner_text().into(),
        }
    }

    /// The account that the caller acts for.
    pub(crate) fn permissions_partner_id(&self) -> i64 {
        self.session.as_ref().map_or_else(|| self.partner_id(), Session::partner_id)
    }

    /// What tells whether the next of several requests comes from the same caller.
    pub(crate) fn caller(&self) -> (Option<Value>, Option<String>) {
        (self.requested.clone(), self.session.as_ref().map(|session| session.text.clone()))
    }

    /// Checks the KS, the accounts and the user, and tells what they are allowed.
    pub(crate) fn permissions(&self, state: &mut State, around: Surroundings<'_>) -> Result<Permissions, ApiError> {
        if let Some(session) = &self.session {
            check_session(state, session, around)?;
        }
        if self.requested.is_some() {
            let account = state.account(self.partner_id());
            account.filter(|account| account.status == PARTNER_ACTIVE).ok_or_else(blocked)?;
        }
        let Some(session) = &self.session else {
            return Permissions::without_session(state, self.partner_id());
        };
        let account = state.account(session.partner_id()).ok_or_else(|| error::INVALID_OBJECT_ID.plain())?;
        if account.status != PARTNER_ACTIVE {
            return Err(blocked());
        }
        let user = state.users.find(session.partner_id(), Some(session.user_id()));
        if user.is_some_and(|user| user.status == STATUS_BLOCKED) {
            return Err(error::USER_BLOCKED.plain());
        }
        Permissions::of_session(state, session, user)
    }

    /// Whether the caller may call the action.
    pub(crate) fn check_allowed(
        &self,
        state: &State,
        permissions: &Permissions,
        action: &Action,
        around: Surroundings<'_>,
    ) -> Result<(), Failure> {
        let name = format!("{}->{}", action.service, action.name);
        let is_own = self.requested.is_none() || self.partner_id() == self.permissions_partner_id();
        if !is_own || !permissions.allow(action) {
            return Err(error::SERVICE_FORBIDDEN.with(&[&name]).into());
        }
        let is_https_only = state.account(self.partner_id()).is_some_and(|account| account.https_only);
        if is_https_only && !around.is_https {
            return Err(error::SERVICE_ACCESS_CONTROL_RESTRICTED.with(&[&name]).into());
        }
        Ok(())
    }
}

/// Whether the session can be used now; the use is counted where it is limited.
fn check_session(state: &mut State, session: &Session, around: Surroundings<'_>) -> Result<(), ApiError> {
    if let Some((_, reason)) = why_invalid(session, around) {
        return Err(invalid_ks(reason));
    }
    if !session.ks.is_widget_session() {
        let session_id_hash = session.ks.session_id_hash();
        match state.revocations.use_session(&session.ks.digest, session_id_hash.as_deref()) {
            Known::Revoked => return Err(invalid_ks("LOGOUT")),
            Known::UsedUp => return Err(invalid_ks("EXCEEDED_ACTIONS_LIMIT")),
            Known::Counted => {}
            Known::Nothing => start_to_count(state, session)?,
        }
    }
    let partner_id = session.partner_id();
    if state.account(partner_id).is_some_and(|account| account.has_feature("FEATURE_END_USER_REPORTS")) {
        state.make_room()?;
        make_user(state, partner_id, session.user_id(), around.now());
    }
    Ok(())
}

/// Why a session cannot be used, as far as it tells itself.
fn why_invalid(session: &Session, around: Surroundings<'_>) -> Option<(i64, &'static str)> {
    if session.ks.is_expired(apptoken_core::UnixSeconds(around.now())) {
        return Some(EXPIRED);
    }
    if let Some(addresses) = session.ks.privilege("iprestrict")
        && !addresses.iter().any(|address| address == REMOTE_ADDRESS)
    {
        return Some(RESTRICTED_IP);
    }
    if let Some(values) = session.ks.privilege("urirestrict")
        && !values.join("/").split('|').any(|allowed| is_allowed_uri(allowed, around.uri))
    {
        return Some(RESTRICTED_URI);
    }
    None
}

fn is_allowed_uri(allowed: &str, uri: &str) -> bool {
    uri == allowed || allowed.strip_suffix('*').is_some_and(|prefix| uri.starts_with(prefix))
}

fn start_to_count(state: &mut State, session: &Session) -> Result<(), ApiError> {
    let Some(limit) = session.privilege_text("actionslimit") else { return Ok(()) };
    let limit = text_to_int(limit).max(i64::from(is_numeric(limit) && limit.trim_start().starts_with("0.")));
    if limit <= 0 {
        return Err(error::INVALID_ACTIONS_LIMIT.plain());
    }
    state.revocations.limit(&session.ks.digest, limit - 1);
    Ok(())
}

/// In accounts with reports on users, the user of a session is made when it is used.
fn make_user(state: &mut State, partner_id: i64, user_id: &str, now: i64) {
    let id = (!user_id.is_empty()).then_some(user_id);
    let row = state.users.find_or_make(partner_id, id, now);
    let is_nobody = matches!(user_id, "" | "0");
    if let Some(user) = state.users.get(row).filter(|user| is_nobody && user.screen_name.as_deref() != Some("Unknown"))
    {
        let mut user = user.clone();
        user.screen_name = Some("Unknown".to_owned());
        user.updated_at = now;
        state.users.put(user);
    }
}

fn blocked() -> ApiError {
    error::SERVICE_FORBIDDEN_CONTENT_BLOCKED.plain()
}

/// What a KS is to the store of answers.
pub(crate) fn ks_state(state: &State, ks: Option<&Value>, around: Surroundings<'_>) -> KsState {
    const INVALID_STR: i64 = -1;
    let Some(ks) = ks.filter(|ks| is_true(ks)) else { return KsState::None };
    let session = match state.peek(&to_text(ks)) {
        Ok(session) => session,
        Err(apptoken_ks::OpenError::UnknownPartner) => return KsState::Unknown,
        Err(_) => return KsState::Invalid(INVALID_STR),
    };
    if let Some((code, _)) = why_invalid(&session, around) {
        return KsState::Invalid(code);
    }
    let is_anonymous = session.ks.is_widget_session()
        && matches!(session.ks.user_id.as_deref(), None | Some("0"))
        && session.ks.privilege("setrole").is_none();
    if !is_anonymous {
        return KsState::Unknown;
    }
    KsState::Anonymous {
        partner_id: session.ks.partner_id.clone(),
        session_type: session.ks.session_type.clone().unwrap_or_default(),
        user_id: session.user_id().to_owned(),
        privileges: session.privileges().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed_uri;

    #[test]
    fn uris_are_allowed_whole_or_by_their_beginning() {
        assert!(is_allowed_uri("/api_v3/service/user/*", "/api_v3/service/user/action/get"));
        assert!(is_allowed_uri("/api_v3/", "/api_v3/"));
        assert!(!is_allowed_uri("/api_v3/", "/api_v3/x"));
        assert!(!is_allowed_uri("/api_v3/service/user/*", "/api_v3/service/session/action/end"));
    }
}
