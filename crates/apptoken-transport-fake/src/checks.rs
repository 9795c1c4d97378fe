//! The checks before an action, in the order of the server.
//!
//! The order was recorded from Venus-22.19.0 and is that of its `KalturaDispatcher.php`. What is checked for an action is in
//! the catalog. [`dispatch`](crate::dispatch) makes the checks of [`CHECKS`] to run an action, and
//! [`explain`](crate::explain) makes the same ones on a copy of the state.

use serde::Serialize;

use crate::actions::action::Action;
use crate::actions::arguments::Arguments;
use crate::actions::requested::RequestedAction;
use crate::actions::{self, without_model};
use crate::catalog;
use crate::catalog::action::CatalogAction;
use crate::content::owner;
use crate::context::{Caller, Context};
use crate::error::{self, ApiError, Failure};
use crate::model::state::State;
use crate::needs;
use crate::objects::build;
use crate::objects::response_profile::{CLASS as PROFILE, ResponseProfile};
use crate::permissions::Permissions;
use crate::php::cast::{is_true_text, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};
use crate::request_info::RequestInfo;
use crate::session_check;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CheckName {
    /// The service and the action exist.
    Action,
    /// The requested language has the form of a language code.
    Language,
    /// The session can be read, and a secret of its account signed it.
    Signature,
    /// The arguments are complete and of the declared types.
    Arguments,
    /// The response profile is valid.
    ResponseProfile,
    /// The requested account is a number.
    Account,
    /// The session has not expired.
    Expiry,
    /// The session may be used from this address.
    Address,
    /// The session may be used for this URI.
    Uri,
    /// The session was not revoked, and its actions limit is not used up.
    Revocation,
    /// The requested account and that of the session are active.
    AccountStatus,
    /// The caller may change the object that the request names.
    Owner,
    /// The user of the session is not blocked.
    User,
    /// The roles of the session exist.
    Role,
    /// The caller has a permission that allows the action.
    Permission,
    /// The account allows the protocol of the request.
    Https,
    /// The account has the plug-ins and features that the action needs.
    Features,
    /// The action itself accepts the caller.
    Caller,
    /// The filter has a field that the action needs.
    Filter,
    /// The search has a condition.
    Search,
    /// The new object has the properties that it must have, and none that only the server sets.
    NewObject,
}

/// A check, and what it adds to the call for later ones and for the action.
pub(crate) struct Check {
    pub(crate) name: CheckName,
    run: fn(&mut PendingCall<'_>, &mut State) -> Result<(), Failure>,
}

/// All checks of an action that exists.
pub(crate) const CHECKS: &[Check] = &[
    Check { name: CheckName::Language, run: language },
    Check { name: CheckName::Signature, run: signature },
    Check { name: CheckName::Arguments, run: arguments },
    Check { name: CheckName::ResponseProfile, run: response_profile },
    Check { name: CheckName::Account, run: account },
    Check { name: CheckName::Expiry, run: expiry },
    Check { name: CheckName::Address, run: address },
    Check { name: CheckName::Uri, run: uri },
    Check { name: CheckName::Revocation, run: revocation },
    Check { name: CheckName::AccountStatus, run: account_status },
    Check { name: CheckName::Owner, run: owner },
    Check { name: CheckName::User, run: user },
    Check { name: CheckName::Role, run: role },
    Check { name: CheckName::Permission, run: permission },
    Check { name: CheckName::Https, run: https },
    Check { name: CheckName::Features, run: features },
    Check { name: CheckName::Caller, run: caller },
    Check { name: CheckName::Filter, run: filter },
    Check { name: CheckName::Search, run: search },
    Check { name: CheckName::NewObject, run: new_object },
];

/// The caller of the previous part of a multirequest, and their permissions. The server does not check the same caller again.
pub(crate) type KnownCaller = (Caller, Permissions);

/// A call that is checked, with what the checks have found so far.
pub(crate) struct PendingCall<'a> {
    pub(crate) action: &'static CatalogAction,
    /// `None` for an action without a model of its own.
    pub(crate) model: Option<&'static Action>,
    params: &'a Array,
    /// The same parameters after [`build::group`].
    pub(crate) grouped: &'a Array,
    pub(crate) info: RequestInfo<'a>,
    pub(crate) previous: Option<KnownCaller>,
    is_known: bool,
    pub(crate) context: Context,
    pub(crate) arguments: Arguments,
    pub(crate) profile: Option<ResponseProfile>,
    pub(crate) permissions: Permissions,
}

impl<'a> PendingCall<'a> {
    pub(crate) fn new(
        action: &'static CatalogAction,
        params: &'a Array,
        grouped: &'a Array,
        info: RequestInfo<'a>,
        previous: Option<KnownCaller>,
    ) -> Self {
        Self {
            action,
            model: actions::model_of(action),
            params,
            grouped,
            info,
            previous,
            is_known: false,
            context: Context::default(),
            arguments: Arguments::default(),
            profile: None,
            permissions: Permissions::default(),
        }
    }

    /// Makes one check. All checks before it must have passed.
    pub(crate) fn pass(&mut self, check: &Check, state: &mut State) -> Result<(), Failure> {
        (check.run)(self, state)
    }

    /// Makes all checks.
    pub(crate) fn pass_all(&mut self, state: &mut State) -> Result<(), Failure> {
        CHECKS.iter().try_for_each(|check| self.pass(check, state))
    }
}

/// The requested action, which must exist.
pub(crate) fn known_action(requested: &RequestedAction<'_>) -> Result<&'static CatalogAction, Failure> {
    requested.known.ok_or_else(|| unknown_action(requested).into())
}

fn unknown_action(requested: &RequestedAction<'_>) -> ApiError {
    if !is_true_text(&requested.service) {
        return error::SERVICE_NOT_SPECIFIED.plain();
    }
    let (service, action) = (requested.service.to_ascii_lowercase(), requested.action.to_ascii_lowercase());
    if catalog::has_service(&service) {
        error::ACTION_DOES_NOT_EXISTS.with(&[&action, &service])
    } else {
        error::SERVICE_DOES_NOT_EXISTS.with(&[&service])
    }
}

fn language(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let Some(language) = set(call.params, "language") else { return Ok(()) };
    if matches!(language, Value::Array(_)) {
        return Err(error::type_error().into());
    }
    let language = to_text(language);
    if language.eq_ignore_ascii_case("multi") || is_language_code(&language) {
        return Ok(());
    }
    Err(error::INVALID_LANGUAGE_CODE.with(&[&language]).into())
}

/// Two to four letters, optionally followed by a dash or underscore and two to four letters.
fn is_language_code(text: &str) -> bool {
    let is_part = |part: &str| (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let text = text.strip_suffix('\n').unwrap_or(text);
    match text.split_once(['-', '_']) {
        Some((language, country)) => is_part(language) && is_part(country),
        None => is_part(text),
    }
}

fn signature(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    call.context = Context::of(state, call.params)?;
    Ok(())
}

fn arguments(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let time = reference_time(&call.context, call.info);
    call.arguments = Arguments::of(&call.action.parameters, call.grouped, time)?;
    Ok(())
}

/// The time that relative times are added to: now, or the value of the privilege `reftime`.
fn reference_time(context: &Context, info: RequestInfo<'_>) -> i64 {
    let named = context.session.as_ref().and_then(|session| session.privilege_value("reftime"));
    named.filter(|time| is_true_text(time)).map_or_else(|| info.now, crate::php::cast::text_to_int)
}

fn response_profile(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    if let Some(value) = set(call.grouped, "responseProfile") {
        call.profile = ResponseProfile::of(&build::object(&PROFILE, value, "responseProfile", call.info.now)?);
    }
    Ok(())
}

fn account(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    let known = call.previous.take().filter(|(caller, _)| *caller == call.context.caller());
    call.is_known = known.is_some();
    if let Some((_, permissions)) = known {
        call.permissions = permissions;
        return Ok(());
    }
    state.users.begin_request();
    Ok(call.context.check_requested_type()?)
}

fn expiry(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let session = call.context.session.as_ref().filter(|_| !call.is_known);
    Ok(session.map_or(Ok(()), |session| session_check::expiry(session, call.info))?)
}

fn address(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let session = call.context.session.as_ref().filter(|_| !call.is_known);
    Ok(session.map_or(Ok(()), session_check::address)?)
}

fn uri(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let session = call.context.session.as_ref().filter(|_| !call.is_known);
    Ok(session.map_or(Ok(()), |session| session_check::uri(session, call.info))?)
}

/// Counts the use of the session if it is limited.
fn revocation(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    let session = call.context.session.as_ref().filter(|_| !call.is_known);
    Ok(session.map_or(Ok(()), |session| session_check::revocation(state, session, call.info))?)
}

fn account_status(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    if call.is_known {
        return Ok(());
    }
    Ok(call.context.check_accounts(state)?)
}

fn owner(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    let Some(check) = &call.action.flags.owner else { return Ok(()) };
    match owner::is_allowed(check, call.arguments.shown(check.parameter).as_deref(), &call.context, state) {
        true => Ok(()),
        false => Err(error::INVALID_KS.with(&["", "-4", "INVALID_TYPE"]).into()),
    }
}

fn user(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    if call.is_known {
        return Ok(());
    }
    Ok(call.context.check_user(state)?)
}

fn role(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    if !call.is_known {
        call.permissions = call.context.permissions(state)?;
    }
    call.previous = Some((call.context.caller(), call.permissions.clone()));
    Ok(())
}

/// The error names the action in its declared case, whatever the request wrote.
fn permission(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    let PendingCall { action, context, permissions, .. } = call;
    let is_open = action.flags.all_permitted || (action.flags.network && context.session.is_none());
    if !context.is_for_own_account() || !(is_open || permissions.has_any_of(&action.permissions)) {
        return Err(error::SERVICE_FORBIDDEN.with(&[&name_in_errors(action)]).into());
    }
    Ok(())
}

fn https(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    let is_https_only = state.account(call.context.partner_id()).is_some_and(|account| account.https_only);
    if is_https_only && !call.info.is_https {
        return Err(error::SERVICE_ACCESS_CONTROL_RESTRICTED.with(&[&name_in_errors(call.action)]).into());
    }
    Ok(())
}

fn name_in_errors(action: &CatalogAction) -> String {
    action.flags.alias.map_or_else(|| action.arrow_name(), |alias| alias.replacen('.', "->", 1))
}

fn features(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    let PendingCall { action, context, .. } = call;
    let missing = action.flags.needs.iter().find(|need| !needs::is_met(need, state, context));
    let unwanted = action.flags.without.iter().find(|need| needs::is_met(need, state, context));
    match missing.or(unwanted) {
        Some(need) => Err(needs::error(&need.error, &need.error.argument).into()),
        None => Ok(()),
    }
}

// What an action with a model of its own checks is part of the model.

fn caller(call: &mut PendingCall<'_>, state: &mut State) -> Result<(), Failure> {
    if call.model.is_some() {
        return Ok(());
    }
    Ok(without_model::check_caller(call, state)?)
}

fn filter(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    if call.model.is_some() {
        return Ok(());
    }
    Ok(without_model::check_filter(call)?)
}

fn search(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    if call.model.is_some() {
        return Ok(());
    }
    Ok(without_model::check_search(call)?)
}

fn new_object(call: &mut PendingCall<'_>, _: &mut State) -> Result<(), Failure> {
    if call.model.is_some() {
        return Ok(());
    }
    Ok(without_model::check_new_object(call)?)
}

#[cfg(test)]
mod tests {
    use super::is_language_code;

    #[test]
    fn a_language_code_has_one_or_two_parts_of_letters() {
        for code in ["EN", "xx", "en_US", "zh-hant"] {
            assert!(is_language_code(code), "{code}");
        }
        for code in ["", "e", "english", "12", "en_", "en_U1"] {
            assert!(!is_language_code(code), "{code}");
        }
    }
}
