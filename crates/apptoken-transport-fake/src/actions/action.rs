//! An action of the API, and a call of it.

use crate::actions::arguments::{Arguments, Parameter};
use crate::cache::CachePolicy;
use crate::context::Context;
use crate::error::Failure;
use crate::model::state::State;
use crate::objects::response_profile::ResponseProfile;
use crate::output::Output;
use crate::request_info::RequestInfo;

/// An action of the API.
pub(crate) struct Action {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// The permissions that allow it; the caller needs one of them.
    pub(crate) permissions: &'static [&'static str],
    pub(crate) run: fn(&mut Call<'_>) -> Result<Output, Failure>,
}

/// A call of an action, after all checks that are common to actions.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) context: &'a Context,
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
}
