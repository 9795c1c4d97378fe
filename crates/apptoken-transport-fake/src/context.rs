//! Who calls: the KS, the account that is asked for, and what both are allowed.

use crate::error::{self, ApiError, invalid_ks};
use crate::model::session::Session;
use crate::model::state::State;
use crate::model::user::STATUS_BLOCKED;
use crate::output::Output;
use crate::permissions::Permissions;
use crate::php::cast::{equals_int, is_true, to_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};
use crate::request_info::RequestInfo;
use crate::session_check::check_session;

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

    /// Whether the caller asks for the account that they act for.
    pub(crate) fn is_for_own_account(&self) -> bool {
        self.requested.is_none() || self.partner_id() == self.permissions_partner_id()
    }

    /// What tells whether the next of several requests comes from the same caller.
    pub(crate) fn caller(&self) -> (Option<Value>, Option<String>) {
        (self.requested.clone(), self.session.as_ref().map(|session| session.text.clone()))
    }

    /// Checks the KS, the accounts and the user, and tells what they are allowed.
    pub(crate) fn permissions(&self, state: &mut State, info: RequestInfo<'_>) -> Result<Permissions, ApiError> {
        if let Some(session) = &self.session {
            check_session(state, session, info)?;
        }
        if self.requested.is_some() {
            let account = state.account(self.partner_id());
            account.filter(|account| account.is_active()).ok_or_else(blocked)?;
        }
        let Some(session) = &self.session else {
            return Permissions::without_session(state, self.partner_id());
        };
        let account = state.account(session.partner_id()).ok_or_else(|| error::INVALID_OBJECT_ID.plain())?;
        if !account.is_active() {
            return Err(blocked());
        }
        let user = state.users.find(session.partner_id(), Some(session.user_id()));
        if user.is_some_and(|user| user.status == STATUS_BLOCKED) {
            return Err(error::USER_BLOCKED.plain());
        }
        Permissions::of_session(state, session, user)
    }
}

fn blocked() -> ApiError {
    error::SERVICE_FORBIDDEN_CONTENT_BLOCKED.plain()
}
