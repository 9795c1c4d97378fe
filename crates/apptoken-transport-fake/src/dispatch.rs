//! Finds and runs the action of a request, after the checks that the server makes first.
//!
//! The order of the checks was recorded from Venus-22.19.0 and is that of its `KalturaDispatcher.php`: service, action,
//! language, KS signature, arguments, KS expiry and revocation, account and user, permission, HTTPS.

use crate::actions;
use crate::actions::action::{Action, Call};
use crate::actions::arguments::Arguments;
use crate::actions::requested::RequestedAction;
use crate::answers::table::AnswerId;
use crate::cache::CachePolicy;
use crate::catalog;
use crate::context::Context;
use crate::error::{self, Failure};
use crate::model::state::State;
use crate::objects::build;
use crate::objects::response_profile::{CLASS as PROFILE, ResponseProfile};
use crate::output::Output;
use crate::permissions::Permissions;
use crate::php::cast::{is_true_text, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};
use crate::request_info::RequestInfo;

/// The caller of the previous part of a multirequest and their permissions. The server does not check the same caller
/// again.
pub(crate) type PreviousCaller = Option<((Option<Value>, Option<String>), Permissions)>;

/// Runs the action that the parameters name. `grouped` are the same parameters after [`build::group`].
pub(crate) fn dispatch(
    state: &mut State,
    params: &Array,
    grouped: &Array,
    info: RequestInfo<'_>,
    cache_policy: &mut CachePolicy,
    previous: &mut PreviousCaller,
    own_answers: &mut Vec<AnswerId>,
) -> Result<Output, Failure> {
    let action = action_of(params)?;
    check_language(params)?;
    let context = Context::of(state, params)?;
    let arguments = Arguments::of(action.parameters, grouped, reference_time(&context, info))?;
    let profile = match set(grouped, "responseProfile") {
        Some(value) => ResponseProfile::of(&build::object(&PROFILE, value, "responseProfile", info.now)?),
        None => None,
    };
    let permissions = match previous.take() {
        Some((caller, permissions)) if caller == context.caller() => permissions,
        _ => context.permissions(state, info)?,
    };
    *previous = Some((context.caller(), permissions.clone()));
    check_allowed(&context, state, &permissions, action, info)?;
    if let Some(known) = catalog::find(action.service, action.name)
        && let Some((id, result)) = state.answers.take(known, grouped)
    {
        own_answers.push(id);
        // The next call can get another answer.
        cache_policy.disable();
        return result;
    }
    if matches!(action.name, "add" | "clone" | "update") {
        state.make_room()?;
    }
    (action.run)(&mut Call {
        state,
        context: &context,
        arguments: &arguments,
        profile: profile.as_ref(),
        cache_policy,
        info,
    })
}

fn action_of(params: &Array) -> Result<&'static Action, Failure> {
    let requested = RequestedAction::of(params);
    if !is_true_text(&requested.service) {
        return Err(error::SERVICE_NOT_SPECIFIED.plain().into());
    }
    let (service, action) = (requested.service.to_ascii_lowercase(), requested.action.to_ascii_lowercase());
    if !actions::has_service(&service) {
        return Err(error::SERVICE_DOES_NOT_EXISTS.with(&[&service]).into());
    }
    actions::find(&service, &action).ok_or_else(|| error::ACTION_DOES_NOT_EXISTS.with(&[&action, &service]).into())
}

/// Checks the permission of the caller. The error names the action in its declared case, whatever the request wrote.
fn check_allowed(
    context: &Context,
    state: &State,
    permissions: &Permissions,
    action: &Action,
    info: RequestInfo<'_>,
) -> Result<(), Failure> {
    let name = format!("{}->{}", action.service, action.name);
    if !context.is_for_own_account() || !permissions.has_any_of(action.permissions) {
        return Err(error::SERVICE_FORBIDDEN.with(&[&name]).into());
    }
    let is_https_only = state.account(context.partner_id()).is_some_and(|account| account.https_only);
    if is_https_only && !info.is_https {
        return Err(error::SERVICE_ACCESS_CONTROL_RESTRICTED.with(&[&name]).into());
    }
    Ok(())
}

fn check_language(params: &Array) -> Result<(), Failure> {
    let Some(language) = set(params, "language").map(to_text) else { return Ok(()) };
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
