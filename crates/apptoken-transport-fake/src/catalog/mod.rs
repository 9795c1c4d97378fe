//! All services and actions of the API, from the tables in `data/`.
//!
//! The tables were made from the source and the permission rows of Kaltura server Venus-22.19.0 and checked against the
//! running server. A line that begins with `#` is a comment, columns are separated by tabs.

pub(crate) mod action;
pub(crate) mod classes;
pub(crate) mod enums;
pub(crate) mod flags;
pub(crate) mod permissions;
pub(crate) mod without_objects;

use std::sync::LazyLock;

use indexmap::IndexMap;

use crate::catalog::action::CatalogAction;

/// The actions by the names of their services and then their own, both in lower case.
static SERVICES: LazyLock<IndexMap<String, IndexMap<String, CatalogAction>>> = LazyLock::new(|| {
    let mut services: IndexMap<String, IndexMap<String, CatalogAction>> = IndexMap::new();
    for action in rows(include_str!("../../data/actions.tsv")).filter_map(CatalogAction::of) {
        let service = services.entry(action.service.to_ascii_lowercase()).or_default();
        service.insert(action.name.to_ascii_lowercase(), action);
    }
    services
});

/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.5;

/// Whether a service has this name, in any case. A plug-in of the source that the server has not loaded has none.
pub(crate) fn has_service(service: &str) -> bool {
    actions_of(service).any(|action| !action.flags.off)
}

/// Finds an action of a loaded service by its names, in any case.
pub(crate) fn find(service: &str, action: &str) -> Option<&'static CatalogAction> {
    let actions = SERVICES.get(&service.to_ascii_lowercase())?;
    actions.get(&action.to_ascii_lowercase()).filter(|action| !action.flags.off)
}

/// Finds an action of a loaded service by a name such as `appToken.startSession`, in any case.
pub(crate) fn find_full(name: &str) -> Option<&'static CatalogAction> {
    let (service, action) = name.split_once('.')?;
    find(service, action)
}

/// All actions of loaded services.
pub(crate) fn actions() -> impl Iterator<Item = &'static CatalogAction> {
    SERVICES.values().flat_map(IndexMap::values).filter(|action| !action.flags.off)
}

/// The name of an action that is most like `name`, such as `media.list` for `media.lsit`; `None` if none is alike.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let wanted = name.to_ascii_lowercase();
    let likeness = |action: &CatalogAction| {
        let known = action.full_name.to_ascii_lowercase();
        // The prefix of a plug-in is easily forgotten.
        let short = known.split_once('_').map_or(known.as_str(), |(_, short)| short);
        strsim::normalized_damerau_levenshtein(&known, &wanted)
            .max(strsim::normalized_damerau_levenshtein(short, &wanted))
    };
    let all = actions().map(|action| (likeness(action), action));
    let (_, best) = all.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(best.full_name.clone())
}

fn actions_of(service: &str) -> impl Iterator<Item = &'static CatalogAction> {
    SERVICES.get(&service.to_ascii_lowercase()).into_iter().flat_map(IndexMap::values)
}

/// The rows of a table, as iterators over their columns.
fn rows(table: &'static str) -> impl Iterator<Item = std::str::Split<'static, char>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_actions_is_read() {
        let all: Vec<_> = SERVICES.values().flat_map(IndexMap::values).collect();
        assert_eq!((all.len(), actions().count(), SERVICES.len()), (1_001, 870, 146));
        let unread =
            all.iter().filter(|action| !action.flags.unknown.is_empty()).map(|action| action.full_name.clone());
        assert_eq!(unread.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn a_name_is_found_in_any_case() {
        assert_eq!(find("APPTOKEN", "startsession").map(|action| &*action.full_name), Some("appToken.startSession"));
        assert_eq!(find_full("Caption_CaptionAsset.List").map(|action| action.service), Some("caption_captionasset"));
        assert!(find("media", "lists").is_none() && find_full("media").is_none());
    }

    #[test]
    fn a_plugin_that_is_not_loaded_is_unknown() {
        assert!(has_service("MEDIA") && !has_service("reach_entryVendorTask") && !has_service("captionAsset"));
        assert!(find("reach_entryVendorTask", "get").is_none());
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        for (name, expected) in [
            ("media.lsit", Some("media.list")),
            ("apptoken.startSesion", Some("appToken.startSession")),
            ("captionAsset.list", Some("caption_captionasset.list")),
            ("partner.getinfo", Some("partner.getInfo")),
            ("", None),
            ("zzzzzzzz", None),
        ] {
            assert_eq!(nearest(name).as_deref(), expected, "{name}");
        }
    }
}
