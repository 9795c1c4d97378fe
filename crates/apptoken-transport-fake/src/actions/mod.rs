//! The actions of the API, one per file.

pub(crate) mod action;
pub(crate) mod app_token;
pub(crate) mod arguments;
pub(crate) mod requested;
pub(crate) mod session;
pub(crate) mod system;
pub(crate) mod user;
pub(crate) mod user_app_role;
pub(crate) mod user_role;

use crate::actions::action::Action;

/// The supported actions.
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

/// Whether a service has this name, in any case.
pub(crate) fn has_service(service: &str) -> bool {
    ALL.iter().any(|action| action.service.eq_ignore_ascii_case(service))
}

/// Finds an action by its names, in any case.
pub(crate) fn find(service: &str, action: &str) -> Option<&'static Action> {
    ALL.iter()
        .copied()
        .find(|known| known.service.eq_ignore_ascii_case(service) && known.name.eq_ignore_ascii_case(action))
}

/// The name of an action in its declared case, such as `appToken.startSession`.
pub(crate) fn full_name(service: &str, action: &str) -> String {
    match find(service, action) {
        Some(known) => format!("{}.{}", known.service, known.name),
        None if action.is_empty() => service.to_owned(),
        None => format!("{service}.{action}"),
    }
}
