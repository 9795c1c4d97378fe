//! What actions answer on a server without objects: errors for ids, empty lists and counts.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::{CatalogAction, words};
use crate::catalog::rows;
use crate::error::ApiError;

static ANSWERS: LazyLock<HashMap<(&'static str, &'static str), WithoutObjects>> = LazyLock::new(|| {
    let all = rows(include_str!("../../data/without_objects.tsv"));
    all.filter_map(|mut columns| {
        let key = (columns.next()?, columns.next()?);
        Some((key, WithoutObjects::of(columns.next()?, columns.next()?, columns.next()?)))
    })
    .collect()
});

/// What an action answers if no object exists.
pub(crate) enum WithoutObjects {
    Error(ErrorTemplate),
    /// The action returns a file, so the code of the error is only in a header.
    NoFile(&'static str),
    EmptyList,
    /// A value, as JSON.
    Value(&'static str),
}

/// An error with the sources of its arguments.
pub(crate) struct ErrorTemplate {
    pub(crate) code: &'static str,
    /// The message, with the names of the arguments between `@`.
    text: &'static str,
    args: Vec<(&'static str, ArgumentSource)>,
}

/// Where the argument of an error is from.
enum ArgumentSource {
    /// The server leaves it empty, and shows `N/A`.
    Missing,
    Constant(&'static str),
    /// The values of these parameters, with commas between them.
    Parameters(Vec<&'static str>),
}

/// What the action answers if no object exists, as far as that is known.
pub(crate) fn of(action: &CatalogAction) -> Option<&'static WithoutObjects> {
    ANSWERS.get(&(action.service, action.name))
}

impl WithoutObjects {
    fn of(kind: &'static str, text: &'static str, args: &'static str) -> Self {
        match kind.split_once(' ') {
            Some(("file", code)) => Self::NoFile(code),
            Some(("answer", "list")) => Self::EmptyList,
            Some(("answer", json)) => Self::Value(json),
            _ => Self::Error(ErrorTemplate::of(kind, text, args)),
        }
    }
}

impl ErrorTemplate {
    fn of(code: &'static str, text: &'static str, args: &'static str) -> Self {
        let args = words(args, ' ').filter_map(|arg| arg.split_once('='));
        Self { code, text, args: args.map(|(name, source)| (name, ArgumentSource::of(source))).collect() }
    }

    /// The error; `shown` is the value of a parameter in it, which can be a path such as `categoryEntry:entryId`.
    pub(crate) fn error(&self, shown: impl Fn(&str) -> String) -> ApiError {
        let value = |source: &ArgumentSource| match source {
            ArgumentSource::Missing => None,
            ArgumentSource::Constant(text) => Some((*text).to_owned()),
            ArgumentSource::Parameters(names) => {
                Some(names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(","))
            }
        };
        ApiError::new(self.code, self.text, self.args.iter().map(|(name, source)| (*name, value(source))))
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
    use crate::actions;
    use crate::catalog::{find, find_full};

    #[test]
    fn every_row_belongs_to_an_action_without_a_model() {
        assert_eq!(ANSWERS.len(), 317);
        for ((service, name), answer) in &*ANSWERS {
            let action = find(service, name).unwrap_or_else(|| panic!("{service}.{name}"));
            assert!(actions::model_of(action).is_none(), "{service}.{name}");
            let WithoutObjects::Error(ErrorTemplate { text, args, .. }) = answer else { continue };
            for (arg, source) in args {
                assert!(text.contains(&format!("@{arg}@")), "{service}.{name}");
                let ArgumentSource::Parameters(paths) = source else { continue };
                for path in paths {
                    let first = path.split(':').next();
                    assert!(action.parameters.iter().any(|each| Some(each.name) == first), "{service}.{name}");
                }
            }
        }
    }

    #[test]
    fn an_error_repeats_the_parameters() {
        let WithoutObjects::Error(template) = of(find_full("schedule_scheduleeventresource.get").unwrap()).unwrap()
        else {
            panic!("it is an error");
        };
        assert_eq!(
            template.error(|name| name.to_uppercase()).message(),
            "Invalid object id [SCHEDULEEVENTID,SCHEDULERESOURCEID]"
        );
        let WithoutObjects::Error(template) = of(find_full("playlist.get").unwrap()).unwrap() else {
            panic!("it is an error");
        };
        assert_eq!(template.error(|_| "0_x".to_owned()).message(), "Unknown Playlist [0_x]");
    }
}
