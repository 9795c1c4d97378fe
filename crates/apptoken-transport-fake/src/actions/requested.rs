use std::borrow::Cow;

use crate::actions::full_name;
use crate::php::Array;
use crate::php::cast::to_text;
use crate::php::value::set;

/// The service and action names of a request in their original case; empty if they are missing.
pub(crate) struct RequestedAction<'a> {
    pub(crate) service: Cow<'a, str>,
    pub(crate) action: Cow<'a, str>,
}

impl<'a> RequestedAction<'a> {
    pub(crate) fn of(params: &'a Array) -> Self {
        let name = |name| set(params, name).map(to_text).unwrap_or_default();
        Self { service: name("service"), action: name("action") }
    }

    /// Unlike service names, this word counts in lower case only.
    pub(crate) fn is_multirequest(&self) -> bool {
        self.service == "multirequest"
    }

    /// The name in its declared case, such as `appToken.startSession`.
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.service, &self.action)
    }
}
