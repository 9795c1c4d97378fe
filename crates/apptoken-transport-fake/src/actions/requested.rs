use std::borrow::Cow;

use crate::catalog;
use crate::catalog::action::CatalogAction;
use crate::php::Array;
use crate::php::cast::to_text;
use crate::php::value::set;

/// The service and action names of a request in their original case; empty if they are missing.
pub(crate) struct RequestedAction<'a> {
    pub(crate) service: Cow<'a, str>,
    pub(crate) action: Cow<'a, str>,
    /// The action with these names.
    pub(crate) known: Option<&'static CatalogAction>,
    /// The name in its declared case, such as `appToken.startSession`.
    pub(crate) full_name: Cow<'static, str>,
}

impl<'a> RequestedAction<'a> {
    pub(crate) fn of(params: &'a Array) -> Self {
        let name = |name| set(params, name).map(to_text).unwrap_or_default();
        let (service, action) = (name("service"), name("action"));
        let known = catalog::find(&service, &action);
        let full_name = match known {
            Some(known) => Cow::Borrowed(&*known.full_name),
            None if action.is_empty() => Cow::Owned(service.clone().into_owned()),
            None => Cow::Owned(format!("{service}.{action}")),
        };
        Self { service, action, known, full_name }
    }

    /// Unlike service names, this word counts in lower case only.
    pub(crate) fn is_multirequest(&self) -> bool {
        self.service == "multirequest"
    }
}
