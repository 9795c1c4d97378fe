//! An action of the API, and a call of it.

use crate::actions::arguments::Arguments;
use crate::cache::CachePolicy;
use crate::catalog::action::CatalogAction;
use crate::context::Context;
use crate::error::Failure;
use crate::model::state::State;
use crate::objects::response_profile::ResponseProfile;
use crate::output::Output;
use crate::php::Array;
use crate::request_info::RequestInfo;

/// An action that the fake models. Its parameters and who may call it are in the catalog.
pub(crate) struct Action {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Call<'_>) -> Result<Output, Failure>,
}

/// A call of an action, after all checks that are common to actions.
pub(crate) struct Call<'a> {
    pub(crate) action: &'static CatalogAction,
    pub(crate) state: &'a mut State,
    pub(crate) context: &'a Context,
    /// All parameters of the request, with nested objects.
    pub(crate) params: &'a Array,
    pub(crate) arguments: &'a Arguments,
    pub(crate) profile: Option<&'a ResponseProfile>,
    pub(crate) cache_policy: &'a mut CachePolicy,
    pub(crate) info: RequestInfo<'a>,
}

impl Call<'_> {
    pub(crate) fn now(&self) -> i64 {
        self.info.now
    }

    /// The requested account.
    pub(crate) fn partner_id(&self) -> i64 {
        self.context.partner_id()
    }

    /// Whether the session is an administrator's.
    pub(crate) fn is_admin(&self) -> bool {
        self.context.is_admin()
    }
}
