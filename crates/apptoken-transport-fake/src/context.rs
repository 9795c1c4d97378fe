//! The caller of an action: their session, the requested account and their permissions.

use std::sync::Arc;

use crate::error::{self, ApiError, Failure, invalid_ks};
use crate::model::account::Account;
use crate::model::session::Session;
use crate::model::state::State;
use crate::model::user::{STATUS_BLOCKED, UserRow};
use crate::output::Output;
use crate::permissions::Permissions;
use crate::php::cast::{equals_int, is_true, to_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};

/// The requested account and the KS of a caller.
pub(crate) type Caller = (Option<Value>, Option<Arc<str>>);

/// The caller of an action.
#[derive(Default)]
pub(crate) struct Context {
    pub(crate) session: Option<Session>,
    /// The requested account with the type that the request gives it, because the reply repeats it with that type.
    requested: Option<Value>,
}

impl Context {
    /// Parses the KS and the requested account. A KS without a valid signature is an error before any other check of
    /// the request; its expiry is checked later.
    pub(crate) fn of(state: &mut State, params: &Array) -> Result<Self, Failure> {
        // The server writes these parameters to its log, where an array is a fatal PHP error.
        if matches!(set(params, "clientTag"), Some(Value::Array(_))) {
            return Err(Failure::Crash);
        }
        let ks = set(params, "ks").filter(|ks| is_true(ks));
        let session = match ks {
            Some(ks) => {
                let text = to_text(ks);
                Some(state.open(&text).map_err(|_| invalid_ks(&text))?)
            }
            None => None,
        };
        // `p` wins over `partnerId`. With a KS, partner 0 counts as not given, but PHP 8 does not take an empty text for 0.
        let named = |name| set(params, name).filter(|value| is_true(value) || ks.is_some());
        let requested = named("p").filter(|value| is_true(value)).or_else(|| named("partnerId"));
        let has_partner = session.as_ref().is_some_and(|session| session.partner_id() > 0);
        let is_ignored = |value: &Value| has_partner && equals_int(value, 0);
        if requested.is_some_and(|value| matches!(value, Value::Array(_)) && is_true(value)) {
            return Err(Failure::Crash);
        }
        let requested = requested.filter(|value| !is_ignored(value)).cloned();
        Ok(Self { session, requested })
    }

    /// The requested account, or else that of the session. An empty text requests partner 0.
    pub(crate) fn partner_id(&self) -> i64 {
        match (&self.requested, &self.session) {
            (Some(requested), _) => to_int(requested),
            (None, Some(session)) => session.partner_id(),
            (None, None) => 0,
        }
    }

    /// The id of that account as text.
    pub(crate) fn partner_text(&self) -> String {
        match (&self.requested, &self.session) {
            (Some(requested), _) => to_text(requested).into_owned(),
            (None, Some(session)) => session.ks.partner_id.clone(),
            (None, None) => "0".to_owned(),
        }
    }

    /// The id of that account in a reply: with the type of the request, or text from the KS. The server was seen to
    /// return `partnerId` of `appToken.startSession` as a number only if the request has a JSON number.
    pub(crate) fn partner_output(&self) -> Output {
        match &self.requested {
            Some(requested) => requested.into(),
            None => self.partner_text().into(),
        }
    }

    /// The account that the permissions of the caller come from.
    pub(crate) fn permissions_partner_id(&self) -> i64 {
        self.session.as_ref().map_or_else(|| self.partner_id(), Session::partner_id)
    }

    /// The accounts whose objects the caller sees: their own and the requested one, which differ only if the requested
    /// one is partner 0.
    pub(crate) fn visible_partners(&self) -> [i64; 2] {
        [self.permissions_partner_id(), self.partner_id()]
    }

    /// Whether the request names no account at all, neither by a KS nor by its id.
    pub(crate) fn is_for_no_account(&self) -> bool {
        self.requested.is_none() && self.session.is_none()
    }

    /// The user of the session, if it exists.
    pub(crate) fn user<'a>(&self, state: &'a State) -> Option<&'a UserRow> {
        let session = self.session.as_ref()?;
        state.users.find(session.partner_id(), Some(session.user_id()))
    }

    /// Whether the caller requests their own account. The server compares loosely: `" 101"` is 101, but `"101x"` is not.
    pub(crate) fn is_for_own_account(&self) -> bool {
        let Some(requested) = &self.requested else { return true };
        let is_without_partner = self.session.is_some() && self.session_of_account().is_none();
        is_empty_text(requested) || is_without_partner || equals_int(requested, self.permissions_partner_id())
    }

    /// Whether the session is an administrator's.
    pub(crate) fn is_admin(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.ks.is_admin())
    }

    /// The session, if it names an account.
    pub(crate) fn session_of_account(&self) -> Option<&Session> {
        self.session.as_ref().filter(|session| !session.is_without_partner())
    }

    /// Identifies the caller, to compare it with that of the next part of a multirequest.
    pub(crate) fn caller(&self) -> Caller {
        (self.requested.clone(), self.session.as_ref().map(|session| Arc::clone(&session.text)))
    }

    /// Checks that the requested account is not an array.
    pub(crate) fn check_requested_type(&self) -> Result<(), ApiError> {
        if matches!(self.requested, Some(Value::Array(_))) { Err(error::type_error()) } else { Ok(()) }
    }

    /// Checks that the requested account and that of the session are active.
    pub(crate) fn check_accounts(&self, state: &State) -> Result<(), ApiError> {
        // The accounts up to 0 are Kaltura's own.
        let is_active = |id: i64| id <= 0 || state.account(id).is_some_and(Account::is_active);
        if self.requested.as_ref().is_some_and(|requested| !is_empty_text(requested)) && !is_active(self.partner_id()) {
            return Err(blocked());
        }
        let Some(session) = self.session_of_account() else { return Ok(()) };
        let account = state.account(session.partner_id()).ok_or_else(|| error::INVALID_OBJECT_ID.plain())?;
        if account.is_active() { Ok(()) } else { Err(blocked()) }
    }

    /// Checks that the user of the session is not blocked.
    pub(crate) fn check_user(&self, state: &State) -> Result<(), ApiError> {
        let user = self.session_of_account().and_then(|_| self.user(state));
        if user.is_some_and(|user| user.status == Some(STATUS_BLOCKED)) {
            return Err(error::USER_BLOCKED.plain());
        }
        Ok(())
    }

    /// The permissions. A session without an account has those of no session.
    pub(crate) fn permissions(&self, state: &State) -> Result<Permissions, ApiError> {
        let Some(session) = self.session_of_account() else {
            return Permissions::without_session(state, self.partner_id());
        };
        Permissions::of_session(state, session, self.user(state))
    }
}

fn is_empty_text(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.is_empty())
}

fn blocked() -> ApiError {
    error::SERVICE_FORBIDDEN_CONTENT_BLOCKED.plain()
}
