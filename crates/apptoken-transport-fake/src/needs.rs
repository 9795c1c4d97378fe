//! The conditions of an action that are not permissions of the caller: plug-ins and features of the account, and who the
//! caller is.

use crate::catalog::flags::{CodeAndArgument, Need};
use crate::context::Context;
use crate::error::ApiError;
use crate::model::state::State;

/// Whether the account or the caller has one of the alternatives.
///
/// The account is that of the KS, or else the requested one. Partner 0 has no features.
pub(crate) fn is_met(need: &Need, state: &State, context: &Context) -> bool {
    let account = state.account(context.permissions_partner_id());
    need.any_of.iter().any(|each| match *each {
        "admin" => context.is_admin(),
        "user" => context.user(state).is_some(),
        "partner0" => context.is_for_no_account(),
        permission => match permission.strip_prefix("partner-") {
            Some(internal) => internal.parse() == Ok(-context.permissions_partner_id()),
            None => account.is_some_and(|account| account.has_feature(permission)),
        },
    })
}

/// The error of a condition, with `argument` in it.
pub(crate) fn error(of: &CodeAndArgument, argument: &str) -> ApiError {
    ApiError::of_code_with(of.code, argument)
}
