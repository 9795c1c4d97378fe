//! The actions that the fake models, one per file, and what it answers to all others.

pub(crate) mod action;
pub(crate) mod app_token;
pub(crate) mod arguments;
pub(crate) mod requested;
pub(crate) mod session;
pub(crate) mod system;
pub(crate) mod user;
pub(crate) mod user_app_role;
pub(crate) mod user_role;
pub(crate) mod without_model;

use crate::actions::action::Action;
use crate::catalog::action::CatalogAction;

/// The actions with a model.
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

/// The model of an action; `None` if there is none.
pub(crate) fn model_of(action: &CatalogAction) -> Option<&'static Action> {
    ALL.iter().copied().find(|known| known.service == action.service && known.name == action.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_model_belongs_to_an_action_of_the_catalog() {
        for model in ALL {
            let action = catalog::find(model.service, model.name).unwrap();
            assert!(model_of(action).is_some_and(|found| found.name == model.name), "{}", action.full_name);
        }
    }
}
