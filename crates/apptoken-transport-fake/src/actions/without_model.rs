//! What the fake answers to a valid and allowed call of an action that it does not model.
//!
//! It has no objects for it, so it answers what the server answers without objects: an empty list, a count of 0, or the
//! error for an id that does not exist. To anything else it has no answer, and says so with an error of its own.

use crate::actions::action::Call;
use crate::actions::user_app_role::add::is_app_guid;
use crate::catalog::action::CatalogAction;
use crate::catalog::flags::Need;
use crate::catalog::without_objects::{self, WithoutObjects};
use crate::checks::PendingCall;
use crate::coverage::Coverage;
use crate::error::{self, ApiError, Failure};
use crate::model::state::State;
use crate::needs;
use crate::objects::validate;
use crate::output::{Output, Record};
use crate::php::cast::{is_true, to_text};
use crate::php::value::set;
use crate::php::{Array, Value, json};

/// Services whose list is not empty in a new account: it has default profiles, a widget and itself.
const OCCUPIED: &[&str] = &[
    "accessControl",
    "accessControlProfile",
    "contentdistribution_distributionprovider",
    "conversionProfile",
    "conversionProfileAssetParams",
    "partner",
    "storageProfile",
    "widget",
];

/// What an action answers before any check.
pub(crate) fn shortcut(action: &CatalogAction) -> Option<Output> {
    if !action.flags.shortcut {
        return None;
    }
    match without_objects::of(action) {
        Some(WithoutObjects::Value(value)) => Some(value_of(value)),
        _ => None,
    }
}

/// Checks who may call the action, as the action itself does.
pub(crate) fn check_caller(call: &PendingCall<'_>, state: &State) -> Result<(), ApiError> {
    let inside = call.action.flags.inside.as_ref();
    match inside.filter(|need| !needs::is_met(need, state, &call.context)) {
        Some(need) => Err(refused(call.action, need)),
        None => Ok(()),
    }
}

pub(crate) fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let action = call.action;
    match without_objects::of(action) {
        Some(WithoutObjects::Error(template)) if !exists(call, template.code) => {
            Err(template.error(|path| shown(call, path)).into())
        }
        Some(WithoutObjects::NoFile(code)) => Err(Failure::NoFile(ApiError::of_code(code))),
        Some(WithoutObjects::EmptyList) => Ok(empty_list(call)),
        Some(WithoutObjects::Value(value)) => Ok(value_of(value)),
        None if is_list(action) && is_empty(call) => Ok(empty_list(call)),
        _ => {
            // The next call can have an answer.
            call.cache_policy.disable();
            Err(error::EMULATOR_NO_ANSWER.with(&[&action.full_name]).into())
        }
    }
}

/// The error for an id that does not exist.
pub(crate) fn unknown_id(call: &Call<'_>) -> Failure {
    match without_objects::of(call.action) {
        Some(WithoutObjects::Error(template)) => template.error(|path| shown(call, path)).into(),
        Some(WithoutObjects::NoFile(code)) => Failure::NoFile(ApiError::of_code(code)),
        _ => error::INVALID_OBJECT_ID.plain().into(),
    }
}

/// The error of the action's own check of its caller.
fn refused(action: &CatalogAction, need: &Need) -> ApiError {
    match need.error.argument.as_str() {
        "" => needs::error(&need.error, &action.arrow_name()),
        argument => needs::error(&need.error, argument),
    }
}

/// Checks that a list has one of the filter fields that it needs.
pub(crate) fn check_filter(call: &PendingCall<'_>) -> Result<(), ApiError> {
    let wanted = call.action.flags.wants.as_ref();
    let Some(wanted) = wanted.filter(|wanted| !(wanted.not_for_admins && call.context.is_admin())) else {
        return Ok(());
    };
    let objects = || call.action.parameters.iter().filter_map(|parameter| set(call.grouped, parameter.name));
    let has = |field: &str| objects().any(|object| matches!(object, Value::Array(object) if is_given(object, field)));
    if wanted.fields().any(has) { Ok(()) } else { Err(needs::error(&wanted.error, &wanted.error.argument)) }
}

/// The search service refuses a search without conditions, with a code that has blanks.
pub(crate) fn check_search(call: &PendingCall<'_>) -> Result<(), ApiError> {
    const CODE: &str = "EMPTY SEARCH OPERATOR IS NOT ALLOWED";
    if call.action.service != "elasticsearch_esearch" || !call.action.name.starts_with("search") {
        return Ok(());
    }
    let operator = set(call.grouped, "searchParams").and_then(|params| inner(params, "searchOperator"));
    match operator.and_then(|operator| inner(operator, "searchItems")) {
        Some(Value::Array(items)) if !items.is_empty() => Ok(()),
        _ => Err(ApiError::new(CODE, "empty search operator is not allowed", [])),
    }
}

/// Checks that a new object has the properties that it must have, and none that only the server sets.
pub(crate) fn check_new_object(call: &PendingCall<'_>) -> Result<(), ApiError> {
    if call.action.name != "add" {
        return Ok(());
    }
    for object in call.action.parameters.iter().filter_map(|parameter| call.arguments.object(parameter.name)) {
        for property in object.class.properties.iter().filter(|property| property.is_mandatory) {
            validate::not_null(object, property.name)?;
        }
        validate::for_insert(object)?;
    }
    Ok(())
}

/// Whether a list is empty because no object exists, or because the filter names an id that does not exist.
fn is_empty(call: &Call<'_>) -> bool {
    let names_id = || {
        let filter = set(call.params, "filter");
        !matches!(call.action.service, "partner" | "widget")
            && matches!(filter, Some(Value::Array(filter)) if is_given(filter, "idEqual"))
    };
    !is_occupied(call.action) || names_id()
}

/// How far the fake imitates an action without a model.
pub(crate) fn coverage(action: &CatalogAction) -> Coverage {
    match without_objects::of(action) {
        Some(WithoutObjects::Error(_) | WithoutObjects::NoFile(_)) => Coverage::UnknownId,
        Some(WithoutObjects::EmptyList | WithoutObjects::Value(_)) => Coverage::Empty,
        None if is_list(action) && !is_occupied(action) => Coverage::Empty,
        None => Coverage::NeedsAnswer,
    }
}

fn is_list(action: &CatalogAction) -> bool {
    action.is_list() && action.name == "list"
}

/// Whether the account has objects that the fake does not have.
fn is_occupied(action: &CatalogAction) -> bool {
    action.flags.global || OCCUPIED.contains(&action.service)
}

fn value_of(json: &str) -> Output {
    match json::decode(json) {
        Some(Value::Array(_)) => Output::List(Vec::new()),
        Some(value) => Output::from(&value),
        None => Output::Null,
    }
}

fn empty_list(call: &Call<'_>) -> Output {
    Record::new(call.action.returns, [("totalCount", 0.into()), ("objects", Output::List(Vec::new()))]).into()
}

/// Whether the call names something that the fake does have: a user, a login, a widget or an account.
fn exists(call: &mut Call<'_>, code: &str) -> bool {
    let id =
        call.action.parameters.iter().find_map(|parameter| call.arguments.shown(parameter.name)).unwrap_or_default();
    match code {
        "INVALID_USER_ID" | "USER_NOT_FOUND" => {
            call.state.users.find(call.context.partner_id(), Some(call.arguments.text("userId"))).is_some()
        }
        "LOGIN_DATA_NOT_FOUND" | "USER_DATA_ERROR" | "USER_WRONG_PASSWORD" => {
            call.state.users.with_login(&id).next().is_some()
        }
        "INVALID_WIDGET_ID" => call.state.widget(&id).is_some(),
        "INTERNAL_SERVER_ERROR" | "SERVICE_FORBIDDEN_CONTENT_BLOCKED" => {
            id.parse().is_ok_and(|id| call.state.account(id).is_some_and(|account| account.is_active()))
        }
        "INVALID_APP_GUID" => is_app_guid(call.arguments.text("appGuid")),
        _ => false,
    }
}

/// The value of a parameter, or of a property of one, as the server shows it in an error.
fn shown(call: &Call<'_>, path: &str) -> String {
    match path.split_once(':') {
        Some((object, property)) => set(call.params, object)
            .and_then(|object| inner(object, property))
            .map(to_text)
            .unwrap_or_default()
            .into_owned(),
        None => call.arguments.shown(path).unwrap_or_default(),
    }
}

fn inner<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Array(array) => set(array, name),
        _ => None,
    }
}

fn is_given(filter: &Array, field: &str) -> bool {
    set(filter, field).is_some_and(is_true)
}
