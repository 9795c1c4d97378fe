//! One row of `data/actions.tsv`.

use std::str::Split;

use crate::catalog::flags::Flags;

/// An action of the API.
pub(crate) struct CatalogAction {
    /// The name of the service as in the error SERVICE_FORBIDDEN.
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    /// Both names, such as `appToken.startSession`.
    pub(crate) full_name: String,
    /// The permissions that allow it; the caller needs one of them. An action without any is for Kaltura's own accounts.
    pub(crate) permissions: Vec<&'static str>,
    pub(crate) flags: Flags,
    /// What it returns: a class, `string`, `int`, `bigint`, `bool` or `file`; empty for nothing.
    pub(crate) returns: &'static str,
    pub(crate) parameters: Vec<CatalogParameter>,
}

/// A parameter of an action.
pub(crate) struct CatalogParameter {
    pub(crate) name: &'static str,
    pub(crate) kind: ParameterKind,
    /// The default as the table has it, such as `null`, `86400` or `"days"`; `None` if the parameter is mandatory.
    pub(crate) default: Option<&'static str>,
}

/// The type of a parameter, with the name of its enum or class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Text,
    Int,
    Float,
    Bool,
    File,
    NumberEnum(&'static str),
    TextEnum(&'static str),
    /// A list or a map.
    Array,
    Object(&'static str),
    Abstract(&'static str),
}

impl CatalogAction {
    pub(super) fn of(mut columns: Split<'static, char>) -> Option<Self> {
        let (service, name) = (columns.next()?, columns.next()?);
        Some(Self {
            service,
            name,
            full_name: [service, ".", name].concat(),
            permissions: words(columns.next()?, ',').collect(),
            flags: Flags::of(columns.next()?),
            returns: columns.next()?,
            parameters: words(columns.next()?, ' ').filter_map(CatalogParameter::of).collect(),
        })
    }

    /// Its name as in the error SERVICE_FORBIDDEN, such as `appToken->startSession`.
    pub(crate) fn arrow_name(&self) -> String {
        format!("{}->{}", self.service, self.name)
    }

    /// Whether it returns a list with a total count.
    pub(crate) fn is_list(&self) -> bool {
        self.returns.ends_with("ListResponse")
    }
}

impl CatalogParameter {
    fn of(text: &'static str) -> Option<Self> {
        let (name, rest) = text.split_once(':')?;
        let (kind, default) = rest.split_once('=').map_or((rest, None), |(kind, default)| (kind, Some(default)));
        Some(Self { name, kind: ParameterKind::of(kind), default })
    }
}

impl ParameterKind {
    pub(super) fn of(text: &'static str) -> Self {
        match (text, text.split_once('/')) {
            ("string", _) => Self::Text,
            ("int" | "bigint", _) => Self::Int,
            ("float", _) => Self::Float,
            ("bool", _) => Self::Bool,
            ("file", _) => Self::File,
            (_, Some(("e", name))) => Self::NumberEnum(name),
            (_, Some(("s", name))) => Self::TextEnum(name),
            (_, Some(("a" | "m", _))) => Self::Array,
            (_, Some(("x", name))) => Self::Abstract(name),
            (name, _) => Self::Object(name),
        }
    }
}

/// The parts of a text that are not empty.
pub(super) fn words(text: &'static str, separator: char) -> impl Iterator<Item = &'static str> {
    text.split(separator).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{enums, find_full};

    #[test]
    fn a_parameter_has_a_type_and_maybe_a_default() {
        let action = find_full("appToken.startSession").unwrap();
        let shown: Vec<_> = action.parameters.iter().map(|each| (each.name, each.default)).collect();
        assert_eq!(shown[..2], [("id", None), ("tokenHash", None)]);
        assert_eq!(shown[2..4], [("userId", Some("null")), ("type", Some("null"))]);
        assert!(action.parameters[3].kind == ParameterKind::NumberEnum("KalturaSessionType"));
        let upload = find_full("uploadToken.upload").unwrap();
        assert!(upload.parameters[1].kind == ParameterKind::File);
    }

    #[test]
    fn every_enum_of_a_parameter_is_known() {
        for action in crate::catalog::actions() {
            for parameter in &action.parameters {
                match parameter.kind {
                    ParameterKind::NumberEnum(name) => assert!(enums::numbers(name).is_some(), "{name}"),
                    ParameterKind::TextEnum(name) => assert!(enums::texts(name).is_some(), "{name}"),
                    _ => {}
                }
            }
        }
    }
}
