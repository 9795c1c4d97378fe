//! What actions answer for an id that does not exist.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::{CatalogAction, words};
use crate::catalog::rows;

static UNKNOWN_IDS: LazyLock<HashMap<(&'static str, &'static str), UnknownId>> = LazyLock::new(|| {
    let all = rows(include_str!("../../data/unknown_ids.tsv"));
    all.filter_map(|mut columns| {
        let key = (columns.next()?, columns.next()?);
        Some((key, UnknownId::of(columns.next()?, columns.next()?, columns.next()?)))
    })
    .collect()
});

/// What an action answers for an id that does not exist.
pub(crate) enum UnknownId {
    Error {
        code: &'static str,
        /// The message, with the names of the arguments between `@`.
        text: &'static str,
        args: Vec<(&'static str, ArgumentSource)>,
    },
    /// An empty body; the code is only in a header, because the action returns a file.
    File { code: &'static str },
    /// A value, as JSON.
    Answer(&'static str),
}

/// Where the argument of an error is from.
pub(crate) enum ArgumentSource {
    /// The server leaves it empty, and shows `N/A`.
    Missing,
    Constant(&'static str),
    /// The values of these parameters, with commas between them.
    Parameters(Vec<&'static str>),
}

/// What the action answers for an id that does not exist, if that is known.
pub(crate) fn of(action: &CatalogAction) -> Option<&'static UnknownId> {
    UNKNOWN_IDS.get(&(action.service, action.name))
}

impl UnknownId {
    fn of(kind: &'static str, text: &'static str, args: &'static str) -> Self {
        match kind.split_once(' ') {
            Some(("file", code)) => Self::File { code },
            Some(("answer", json)) => Self::Answer(json),
            _ => Self::Error {
                code: kind,
                text,
                args: words(args, ' ')
                    .filter_map(|arg| arg.split_once('=').map(|(name, source)| (name, ArgumentSource::of(source))))
                    .collect(),
            },
        }
    }
}

impl ArgumentSource {
    fn of(text: &'static str) -> Self {
        match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(constant) => Self::Constant(constant),
            None if text.is_empty() => Self::Missing,
            None => Self::Parameters(words(text, ',').collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find;

    #[test]
    fn every_row_of_the_unknown_ids_is_read() {
        assert_eq!(UNKNOWN_IDS.len(), 307);
        for ((service, action), unknown) in &*UNKNOWN_IDS {
            let action = find(service, action).unwrap_or_else(|| panic!("{service}.{action}"));
            let UnknownId::Error { text, args, .. } = unknown else { continue };
            for (name, source) in args {
                assert!(text.contains(&format!("@{name}@")), "{}", action.full_name());
                let ArgumentSource::Parameters(names) = source else { continue };
                for name in names {
                    assert!(action.parameters.iter().any(|each| each.name == *name), "{}", action.full_name());
                }
            }
        }
    }
}
