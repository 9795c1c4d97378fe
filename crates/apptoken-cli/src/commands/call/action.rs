//! An action that is named at run time.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use apptoken::error::ActionName;
use apptoken::{Action, Repeat};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::arguments;
use crate::failure::Failure;

/// Any action of the API with any parameters.
#[derive(Clone)]
pub(crate) struct NamedAction {
    name: ActionName,
    pub(super) parameters: Map<String, Value>,
}

impl NamedAction {
    pub(crate) fn new(name: &str, parameters: Map<String, Value>) -> Result<Self, Failure> {
        let wrong = || {
            Failure::usage(format!("{:?} is not the name of an action", arguments::shown(name)))
                .cure("write service and action with a dot, such as media.list")
        };
        let (service, action) = name.split_once('.').ok_or_else(wrong)?;
        Self::of(service, action, parameters).ok_or_else(wrong)
    }

    /// `None` if a name has characters that no name in the API has. They would change the URL.
    pub(super) fn of(service: &str, action: &str, parameters: Map<String, Value>) -> Option<Self> {
        let is_name =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let name = || ActionName { service: interned(service), action: interned(action) };
        (is_name(service) && is_name(action)).then(|| Self { name: name(), parameters })
    }
}

impl Serialize for NamedAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parameters.serialize(serializer)
    }
}

impl Action for NamedAction {
    type Reply = Value;
    // Not used: each value has its own name.
    const SERVICE: &'static str = "";
    const ACTION: &'static str = "";

    fn target(&self) -> ActionName {
        self.name
    }

    fn repeat(&self) -> Repeat {
        if only_reads(self.name.action) { Repeat::Always } else { Repeat::IfNotSent }
    }
}

/// Whether an action changes nothing, by the names that the API uses throughout.
pub(crate) fn only_reads(action: &str) -> bool {
    ["get", "list", "count", "search", "ping", "query"].iter().any(|verb| {
        action.strip_prefix(verb).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
    })
}

/// The same text for the life of the process, once for each name.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let leaked: &'static str = name.to_owned().leak();
    names.insert(leaked);
    leaked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_change_the_url_is_refused() {
        for name in ["media", "media.", ".list", "media.list/x", "a.b.c", "media.list?ks=1", "med ia.list"] {
            assert!(NamedAction::new(name, Map::new()).is_err(), "{name}");
        }
        assert!(NamedAction::new("caption_captionasset.list", Map::new()).is_ok());
    }

    #[test]
    fn actions_that_read_are_recognised_by_their_verb() {
        for action in ["get", "list", "getByIds", "listFeedback", "count", "ping"] {
            assert!(only_reads(action), "{action}");
        }
        for action in ["add", "update", "delete", "getaway", "listen", "startSession"] {
            assert!(!only_reads(action), "{action}");
        }
    }
}
