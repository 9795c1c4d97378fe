//! The actions of the API, one file each.

pub(crate) mod app_token;
pub(crate) mod arguments;
pub(crate) mod session;
pub(crate) mod system;
pub(crate) mod user;
pub(crate) mod user_app_role;
pub(crate) mod user_role;

pub(crate) use arguments::{Arguments, Parameter};

use crate::cache::Storing;
use crate::context::Context;
use crate::error::Failure;
use crate::model::State;
use crate::objects::response_profile::ResponseProfile;
use crate::output::Output;

/// An action: its names, its parameters, and whose permissions allow it.
pub(crate) struct Action {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// Any one of these is enough.
    pub(crate) permissions: &'static [&'static str],
    pub(crate) run: fn(&mut Call<'_>) -> Result<Output, Failure>,
}

/// One call of an action, after everything but the action itself was checked.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) context: &'a Context,
    pub(crate) arguments: &'a Arguments,
    pub(crate) profile: Option<&'a ResponseProfile>,
    pub(crate) storing: &'a mut Storing,
    pub(crate) now_nanos: i64,
}

impl Call<'_> {
    pub(crate) fn now(&self) -> i64 {
        self.now_nanos.div_euclid(1_000_000_000)
    }

    /// The account that the call is about.
    pub(crate) fn partner_id(&self) -> i64 {
        self.context.partner_id()
    }
}

/// The actions that the fake knows.
const ALL: &[&Action] = &[
    &app_token::add::ACTION,
    &app_token::delete::ACTION,
    &app_token::get::ACTION,
    &app_token::list::ACTION,
    &app_token::start_session::ACTION,
    &app_token::update::ACTION,
    &session::end::ACTION,
    &session::get::ACTION,
    &session::impersonate::ACTION,
    &session::start::ACTION,
    &session::start_widget_session::ACTION,
    &system::get_time::ACTION,
    &system::get_version::ACTION,
    &system::ping::ACTION,
    &user::add::ACTION,
    &user::delete::ACTION,
    &user::get::ACTION,
    &user::list::ACTION,
    &user::update::ACTION,
    &user_app_role::add::ACTION,
    &user_role::add::ACTION,
    &user_role::clone::ACTION,
    &user_role::delete::ACTION,
    &user_role::get::ACTION,
    &user_role::list::ACTION,
    &user_role::update::ACTION,
];

/// Whether there is a service of that name, in lower case.
pub(crate) fn has_service(service: &str) -> bool {
    ALL.iter().any(|action| action.service.eq_ignore_ascii_case(service))
}

/// The action of these names, in any case.
pub(crate) fn find(service: &str, action: &str) -> Option<&'static Action> {
    ALL.iter()
        .copied()
        .find(|known| known.service.eq_ignore_ascii_case(service) && known.name.eq_ignore_ascii_case(action))
}

/// The action's name as people write it: `appToken.startSession`.
pub(crate) fn full_name(service: &str, action: &str) -> String {
    match find(service, action) {
        Some(known) => format!("{}.{}", known.service, known.name),
        None if action.is_empty() => service.to_owned(),
        None => format!("{service}.{action}"),
    }
}
