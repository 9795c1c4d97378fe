//! Finds and runs the action of a request, after the checks that the server makes first.
//!
//! The order of the checks was recorded from Venus-22.19.0 and is that of its `KalturaDispatcher.php`: service, action,
//! language, KS signature, arguments, KS expiry and revocation, account, owner of the object, user, permission, HTTPS,
//! plug-in or feature of the account. What is checked for an action is in the catalog.

use crate::actions;
use crate::actions::action::Call;
use crate::actions::arguments::Arguments;
use crate::actions::requested::RequestedAction;
use crate::actions::without_model;
use crate::answers::table::AnswerId;
use crate::cache::CachePolicy;
use crate::catalog;
use crate::catalog::action::CatalogAction;
use crate::content::{self, owner};
use crate::context::{Caller, Context};
use crate::error::{self, ApiError, Failure};
use crate::model::state::State;
use crate::needs;
use crate::objects::build;
use crate::objects::response_profile::{CLASS as PROFILE, ResponseProfile};
use crate::output::Output;
use crate::permissions::Permissions;
use crate::php::cast::{is_true_text, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};
use crate::request_info::RequestInfo;

/// What the earlier parts of a multirequest leave for the next one.
#[derive(Default)]
pub(crate) struct CallHistory {
    /// The caller of the previous part and their permissions. The server does not check the same caller again.
    previous: Option<(Caller, Permissions)>,
    /// The test's own answers that were given.
    pub(crate) own_answers: Vec<AnswerId>,
}

/// Runs the action that the parameters name. `grouped` are the same parameters after [`build::group`].
pub(crate) fn dispatch(
    state: &mut State,
    params: &Array,
    grouped: &Array,
    info: RequestInfo<'_>,
    cache_policy: &mut CachePolicy,
    history: &mut CallHistory,
) -> Result<Output, Failure> {
    let action = action_of(params)?;
    if action.flags.shortcut
        && let Some(answer) = without_model::shortcut(action)
    {
        return own_answer(action, state, grouped, cache_policy, history).unwrap_or(Ok(answer));
    }
    let own_answers = history.own_answers.len();
    let result = check_and_run(action, state, params, grouped, info, cache_policy, history);
    // The error of a test is given as it is.
    if history.own_answers.len() > own_answers {
        return result;
    }
    match (result, action.flags.errors) {
        (Err(Failure::Api(error)), Some(code)) if error.code != error::EMULATOR_NO_ANSWER.code() => match code {
            CRASH => Err(Failure::Crash),
            code => Err(ApiError::of_code(code).into()),
        },
        (result, _) => result,
    }
}

/// The errors of an action whose errors are fatal PHP errors.
const CRASH: &str = "500";

fn check_and_run(
    action: &'static CatalogAction,
    state: &mut State,
    params: &Array,
    grouped: &Array,
    info: RequestInfo<'_>,
    cache_policy: &mut CachePolicy,
    history: &mut CallHistory,
) -> Result<Output, Failure> {
    check_language(params)?;
    let context = Context::of(state, params)?;
    let arguments = Arguments::of(&action.parameters, grouped, reference_time(&context, info))?;
    let profile = match set(grouped, "responseProfile") {
        Some(value) => ResponseProfile::of(&build::object(&PROFILE, value, "responseProfile", info.now)?),
        None => None,
    };
    let known = history.previous.take().filter(|(caller, _)| *caller == context.caller());
    if known.is_none() {
        context.check(state, info)?;
    }
    check_owner(action, &context, &arguments, state)?;
    let permissions = match known {
        Some((_, permissions)) => permissions,
        None => context.permissions(state)?,
    };
    history.previous = Some((context.caller(), permissions.clone()));
    check_allowed(&context, state, &permissions, action, info)?;
    check_needs(&context, state, action)?;
    let model = actions::model_of(action);
    let call = &mut Call {
        action,
        state,
        context: &context,
        params: grouped,
        arguments: &arguments,
        profile: profile.as_ref(),
        cache_policy,
        info,
    };
    if model.is_none() {
        without_model::check(call)?;
    }
    if let Some(result) = own_answer(action, call.state, grouped, call.cache_policy, history) {
        return result;
    }
    match model {
        Some(model) => {
            if matches!(action.name, "add" | "clone" | "update") {
                call.state.make_room()?;
            }
            (model.run)(call)
        }
        None => match content::model_of(action) {
            Some((service, run)) => content::run(call, service, run),
            None => without_model::run(call),
        },
    }
}

/// The test's own answer to a call, if it has one.
fn own_answer(
    action: &CatalogAction,
    state: &mut State,
    params: &Array,
    cache_policy: &mut CachePolicy,
    history: &mut CallHistory,
) -> Option<Result<Output, Failure>> {
    let (id, result) = state.answers.take(action, params)?;
    history.own_answers.push(id);
    // The next call can get another answer.
    cache_policy.disable();
    Some(result)
}

fn action_of(params: &Array) -> Result<&'static CatalogAction, Failure> {
    let requested = RequestedAction::of(params);
    if !is_true_text(&requested.service) {
        return Err(error::SERVICE_NOT_SPECIFIED.plain().into());
    }
    let (service, action) = (requested.service.to_ascii_lowercase(), requested.action.to_ascii_lowercase());
    if !catalog::has_service(&service) {
        return Err(error::SERVICE_DOES_NOT_EXISTS.with(&[&service]).into());
    }
    catalog::find(&service, &action).ok_or_else(|| error::ACTION_DOES_NOT_EXISTS.with(&[&action, &service]).into())
}

/// Checks that the caller may change the object that the request names.
fn check_owner(action: &CatalogAction, context: &Context, arguments: &Arguments, state: &State) -> Result<(), Failure> {
    let Some(check) = &action.flags.owner else { return Ok(()) };
    match owner::is_allowed(check, arguments.shown(check.parameter).as_deref(), context, state) {
        true => Ok(()),
        false => Err(error::INVALID_KS.with(&["", "-4", "INVALID_TYPE"]).into()),
    }
}

/// Checks the permission of the caller. The error names the action in its declared case, whatever the request wrote.
fn check_allowed(
    context: &Context,
    state: &State,
    permissions: &Permissions,
    action: &CatalogAction,
    info: RequestInfo<'_>,
) -> Result<(), Failure> {
    let name = || action.flags.alias.map_or_else(|| action.arrow_name(), |alias| alias.replacen('.', "->", 1));
    let is_open = action.flags.all_permitted || (action.flags.network && context.session.is_none());
    if !context.is_for_own_account() || !(is_open || permissions.has_any_of(&action.permissions)) {
        return Err(error::SERVICE_FORBIDDEN.with(&[&name()]).into());
    }
    let is_https_only = state.account(context.partner_id()).is_some_and(|account| account.https_only);
    if is_https_only && !info.is_https {
        return Err(error::SERVICE_ACCESS_CONTROL_RESTRICTED.with(&[&name()]).into());
    }
    Ok(())
}

/// Checks the plug-ins and features of the account.
fn check_needs(context: &Context, state: &State, action: &CatalogAction) -> Result<(), Failure> {
    let missing = action.flags.needs.iter().find(|need| !needs::is_met(need, state, context));
    let unwanted = action.flags.without.iter().find(|need| needs::is_met(need, state, context));
    match missing.or(unwanted) {
        Some(need) => Err(needs::error(&need.error, &need.error.argument).into()),
        None => Ok(()),
    }
}

fn check_language(params: &Array) -> Result<(), Failure> {
    let Some(language) = set(params, "language") else { return Ok(()) };
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

/// The time that relative times are added to: now, or the value of the privilege `reftime`.
fn reference_time(context: &Context, info: RequestInfo<'_>) -> i64 {
    let named = context.session.as_ref().and_then(|session| session.privilege_value("reftime"));
    named.filter(|time| is_true_text(time)).map_or_else(|| info.now, crate::php::cast::text_to_int)
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
