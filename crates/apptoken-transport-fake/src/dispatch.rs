//! Finds and runs the action of a request, after the checks that the server makes first.

use crate::actions::action::Call;
use crate::actions::requested::RequestedAction;
use crate::actions::without_model;
use crate::answers::table::AnswerId;
use crate::cache::CachePolicy;
use crate::catalog::action::CatalogAction;
use crate::checks::{KnownCaller, PendingCall, known_action};
use crate::content;
use crate::error::{self, ApiError, Failure};
use crate::model::state::State;
use crate::output::Output;
use crate::php::Array;
use crate::request_info::RequestInfo;

/// What the earlier parts of a multirequest leave for the next one.
#[derive(Default)]
pub(crate) struct CallHistory {
    previous: Option<KnownCaller>,
    /// The test's own answers that were given.
    pub(crate) own_answers: Vec<AnswerId>,
}

/// Runs the requested action. `grouped` are the same parameters after
/// [`group`](crate::objects::build::group).
pub(crate) fn dispatch(
    state: &mut State,
    requested: &RequestedAction<'_>,
    params: &Array,
    grouped: &Array,
    info: RequestInfo<'_>,
    cache_policy: &mut CachePolicy,
    history: &mut CallHistory,
) -> Result<Output, Failure> {
    let action = known_action(requested)?;
    if let Some(answer) = without_model::shortcut(action) {
        return own_answer(action, state, grouped, cache_policy, history).unwrap_or(Ok(answer));
    }
    let own_answers = history.own_answers.len();
    let call = PendingCall::new(action, params, grouped, info, history.previous.take());
    let result = check_and_run(call, state, cache_policy, history);
    // The error of a test is given as it is.
    if history.own_answers.len() > own_answers {
        return result;
    }
    result.map_err(|failure| as_returned(action, failure))
}

/// The error that the server returns: some actions turn every error into another one.
pub(crate) fn as_returned(action: &CatalogAction, failure: Failure) -> Failure {
    /// The errors of an action whose errors are fatal PHP errors.
    const CRASH: &str = "500";
    match (failure, action.flags.errors) {
        (Failure::Api(error), Some(code)) if error.code != error::EMULATOR_NO_ANSWER.code() => match code {
            CRASH => Failure::Crash,
            code => ApiError::of_code(code).into(),
        },
        (failure, _) => failure,
    }
}

fn check_and_run(
    mut pending: PendingCall<'_>,
    state: &mut State,
    cache_policy: &mut CachePolicy,
    history: &mut CallHistory,
) -> Result<Output, Failure> {
    let checked = pending.pass_all(state);
    history.previous = pending.previous.take();
    checked?;
    let PendingCall { action, model, grouped, info, context, arguments, profile, .. } = &pending;
    if let Some(result) = own_answer(action, state, grouped, cache_policy, history) {
        return result;
    }
    let call = &mut Call {
        action,
        state,
        context,
        params: grouped,
        arguments,
        profile: profile.as_ref(),
        cache_policy,
        info: *info,
    };
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
