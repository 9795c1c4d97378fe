//! What the fake knows of each action of the API, from its tables.

use serde::Serialize;

use crate::actions;
use crate::actions::without_model;
use crate::catalog;
use crate::catalog::action::CatalogAction;
use crate::content;
use crate::fake::Fake;

/// How far the fake imitates an action. In every case it makes the checks of the server first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Coverage {
    /// It does what the server does.
    Modelled,
    /// It replies as a server without objects: with an empty list, a count of 0 or the like.
    Empty,
    /// It replies with the error for an id that does not exist.
    UnknownId,
    /// It replies with an error that names [`Fake::answer`], until a test sets an answer.
    NeedsAnswer,
}

/// An action of the API and how far the fake imitates it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CoveredAction {
    /// The service, such as `media`.
    pub service: &'static str,
    /// The action, such as `list`.
    pub action: &'static str,
    /// How far the fake imitates it.
    pub coverage: Coverage,
}

impl Fake {
    /// All actions that the fake knows, and how far it imitates each, sorted by service and action. Every other action does
    /// not exist.
    #[must_use]
    pub fn coverage() -> Vec<CoveredAction> {
        let mut all: Vec<_> = catalog::actions().map(covered).collect();
        all.sort_by_key(|covered| (covered.service.to_ascii_lowercase(), covered.action.to_ascii_lowercase()));
        all
    }
}

fn covered(action: &'static CatalogAction) -> CoveredAction {
    CoveredAction { service: action.service, action: action.name, coverage: coverage_of(action) }
}

pub(crate) fn coverage_of(action: &CatalogAction) -> Coverage {
    let is_modelled = actions::model_of(action).is_some() || content::model_of(action).is_some();
    if is_modelled { Coverage::Modelled } else { without_model::coverage(action) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_coverage() {
        let all = Fake::coverage();
        assert_eq!(all.len(), 870);
        for (service, action, expected) in [
            ("appToken", "startSession", Coverage::Modelled),
            ("media", "list", Coverage::Modelled),
            ("caption_captionasset", "serve", Coverage::Modelled),
            ("cuepoint_cuepoint", "list", Coverage::Empty),
            ("media", "approve", Coverage::UnknownId),
            ("partner", "getInfo", Coverage::NeedsAnswer),
        ] {
            let found = all.iter().find(|covered| (covered.service, covered.action) == (service, action));
            assert_eq!(found.map(|covered| covered.coverage), Some(expected), "{service}.{action}");
        }
    }
}
