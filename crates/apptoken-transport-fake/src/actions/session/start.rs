//! `session.start`, as in `api_v3/services/SessionService.php` of the server.

use std::collections::HashSet;

use crate::actions::action::{Action, Call};
use crate::actions::arguments::Arguments;
use crate::error::{self, ApiError, Failure};
use crate::model::account::Account;
use crate::model::collation::fold;
use crate::model::session::NewSession;
use crate::model::state::State;
use crate::output::Output;
use crate::permissions::find_role;

pub(crate) const ACTION: Action = Action { service: "session", name: "start", run };

/// The maximum lifetime in accounts without one.
const DAY: i64 = 86_400;

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    let partner_id = call.arguments.int("partnerId");
    let ks = start(call.state, &StartRequest::of(call.arguments), call.now())?;
    ks.map(Output::Text).ok_or_else(|| error::START_SESSION_ERROR.with(&[&partner_id.to_string()]).into())
}

/// The arguments of a session.
pub(crate) struct StartRequest<'a> {
    pub(crate) partner_id: i64,
    pub(crate) secret: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) session_type: i64,
    pub(crate) expiry: i64,
    pub(crate) privileges: &'a str,
    pub(crate) master_partner_id: Option<&'a str>,
}

impl<'a> StartRequest<'a> {
    pub(crate) fn of(arguments: &'a Arguments) -> Self {
        Self {
            partner_id: arguments.int("partnerId"),
            secret: arguments.text("secret"),
            user_id: arguments.text("userId"),
            session_type: arguments.int("type"),
            expiry: arguments.int("expiry"),
            privileges: arguments.text("privileges"),
            master_partner_id: None,
        }
    }
}

/// Creates a KS; `None` if the secret is wrong or the account is not active.
pub(crate) fn start(state: &mut State, request: &StartRequest<'_>, now: i64) -> Result<Option<String>, ApiError> {
    check_roles(state, request)?;
    let Some(account) = state.shared_account(request.partner_id).filter(|account| accepts(account, request)) else {
        return Ok(None);
    };
    let max = account.max_lifetime.filter(|max| *max != 0).map_or(DAY, i64::from);
    let new = NewSession {
        user_id: request.user_id,
        session_type: request.session_type,
        lifetime: request.expiry.min(max),
        privileges: request.privileges,
        master_partner_id: request.master_partner_id,
        secret: Some(request.secret),
    };
    Ok(Some(state.make_ks(&account, &new, now).text))
}

/// Whether the account is active and accepts the secret for this session type.
pub(crate) fn accepts(account: &Account, request: &StartRequest<'_>) -> bool {
    account.is_active() && account.accepts(request.secret, request.session_type != 0)
}

fn check_roles(state: &State, request: &StartRequest<'_>) -> Result<(), ApiError> {
    // Each role is searched once, so that a long list of equal names is not slow.
    let mut found = HashSet::new();
    for item in request.privileges.split(',') {
        let mut parts = item.split(':');
        if parts.next() == Some("setrole") {
            let role = parts.next().unwrap_or_default();
            if !found.insert(fold(role)) {
                continue;
            }
            find_role(state, request.partner_id, role).ok_or_else(|| error::UNKNOWN_ROLE_ID.plain())?;
        }
    }
    Ok(())
}
