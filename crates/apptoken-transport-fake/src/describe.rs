//! What the catalog says of an action or a class, for people and for programs that build a request.

use serde::{Serialize, Serializer};

use crate::catalog::action::{CatalogAction, CatalogParameter, ParameterKind};
use crate::catalog::{self, classes, enums};
use crate::coverage::{Coverage, coverage_of};
use crate::explain::needed;
use crate::fake::Fake;
use crate::objects::{self, Access, Class, Enum, Limit, Property, PropertyKind, TextEnum};

/// An action of the API: its parameters, what it returns, and who may call it. It serializes to JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ActionDescription {
    action: String,
    coverage: Coverage,
    returns: &'static str,
    permissions: Vec<&'static str>,
    /// For whom the permissions do not count.
    open: Option<&'static str>,
    parameters: Vec<Variable>,
    /// What else is checked, in sentences.
    conditions: Vec<String>,
}

/// A class of the API: its properties. It serializes to JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ClassDescription {
    class: &'static str,
    properties: Vec<Variable>,
}

/// A parameter or a property.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Values::is_none")]
    values: Values,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    labels: &'static [&'static str],
    /// The classes that can stand for an abstract one.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    classes: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mandatory: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
}

/// The values of an enum.
#[derive(Clone, Copy, Debug, Default)]
enum Values {
    #[default]
    None,
    Numbers(&'static [i64]),
    Texts(&'static [&'static str]),
}

impl Values {
    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::Numbers(values) => values.serialize(serializer),
            Self::Texts(values) => values.serialize(serializer),
        }
    }
}

impl Fake {
    /// What is known of an action, such as `media.list`, in any case; `None` if it does not exist.
    #[must_use]
    pub fn describe_action(name: &str) -> Option<ActionDescription> {
        let action = catalog::find_full(name)?;
        Some(ActionDescription {
            action: action.full_name.clone(),
            coverage: coverage_of(action),
            returns: action.returns,
            permissions: action.permissions.clone(),
            open: if action.flags.all_permitted {
                Some("always")
            } else {
                action.flags.network.then_some("withoutSession")
            },
            parameters: action.parameters.iter().map(Variable::of_parameter).collect(),
            conditions: conditions(action),
        })
    }

    /// What is known of a class, such as `KalturaMediaEntryFilter`; `None` if its properties are not known.
    #[must_use]
    pub fn describe_class(name: &str) -> Option<ClassDescription> {
        let class: &Class = objects::class(name)?;
        let properties = class.properties.iter().map(Variable::of_property).collect();
        Some(ClassDescription { class: class.name, properties })
    }
}

impl Variable {
    fn of_parameter(parameter: &CatalogParameter) -> Self {
        let of = |kind| Self { name: parameter.name, kind, default: parameter.default, ..Self::default() };
        match parameter.kind {
            ParameterKind::Text => of("string"),
            ParameterKind::Int => of("int"),
            ParameterKind::Float => of("float"),
            ParameterKind::Bool => of("bool"),
            ParameterKind::File => of("file"),
            ParameterKind::Array => of("array"),
            ParameterKind::NumberEnum(name) => of("enum").of_enum(name, enums::numbers(name).map(numbers)),
            ParameterKind::TextEnum(name) => of("enum").of_enum(name, enums::texts(name).map(texts)),
            ParameterKind::Object(name) => Self { class: Some(name), ..of("object") },
            ParameterKind::Abstract(name) => of("abstract").of_abstract(name),
        }
    }

    fn of_property(property: &'static Property) -> Self {
        let of = |kind| Self {
            name: property.name,
            kind,
            access: Some(match property.access {
                Access::Always => "always",
                Access::OnlyInsert => "onlyInsert",
                Access::Never => "never",
            }),
            mandatory: property.is_mandatory,
            max_length: match property.limit {
                Limit::Max(length) => Some(length),
                Limit::None | Limit::Cut(_) => None,
            },
            ..Self::default()
        };
        match property.kind {
            PropertyKind::Text => of("string"),
            PropertyKind::Int => of("int"),
            PropertyKind::Float => of("float"),
            PropertyKind::Bool | PropertyKind::NullableBool => of("bool"),
            PropertyKind::Time => of("time"),
            PropertyKind::Enum(values) => of("enum").of_enum(values.name, Some(numbers(values))),
            PropertyKind::TextEnum(values) => of("enum").of_enum(values.name, Some(texts(values))),
            PropertyKind::Object(class) => Self { class: Some(class.name), ..of("object") },
            PropertyKind::Abstract(name) => of("abstract").of_abstract(name),
            PropertyKind::AbstractList(name) => Self { class: Some(name), ..of("list") },
            PropertyKind::TextOrList => of("textOrList"),
            PropertyKind::List => of("list"),
        }
    }

    fn of_enum(self, name: &'static str, values: Option<Values>) -> Self {
        let labels: &[&str] = if name == "KalturaSessionType" { &["USER", "ADMIN"] } else { &[] };
        Self { class: Some(name), values: values.unwrap_or_default(), labels, ..self }
    }

    fn of_abstract(self, name: &'static str) -> Self {
        Self { class: Some(name), classes: classes::implementations(name), ..self }
    }
}

fn numbers(values: &'static Enum) -> Values {
    Values::Numbers(values.values)
}

fn texts(values: &'static TextEnum) -> Values {
    Values::Texts(values.values)
}

fn conditions(action: &CatalogAction) -> Vec<String> {
    let flags = &action.flags;
    let mut conditions = Vec::new();
    if flags.shortcut {
        conditions.push("It answers before any check.".to_owned());
    }
    conditions.extend(flags.needs.iter().map(|need| format!("The account needs {}.", needed(need))));
    conditions.extend(flags.without.iter().map(|need| format!("The account must not have {}.", needed(need))));
    conditions.extend(flags.inside.iter().map(|need| format!("The action needs {}.", needed(need))));
    conditions.extend(flags.owner.as_ref().map(|check| {
        format!(
            "Only the owner of {}, an administrator, and a session with the privilege {} for it may call it.",
            check.parameter, check.privilege
        )
    }));
    conditions.extend(flags.wants.as_ref().map(|wanted| {
        let fields = wanted.fields().collect::<Vec<_>>().join(", ");
        let but = if wanted.not_for_admins { ", unless the caller is an administrator" } else { "" };
        format!("The filter needs one of the fields {fields}{but}.")
    }));
    conditions.extend(flags.alias.map(|alias| format!("Its permission is that of {alias}.")));
    conditions
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn described(action: &str) -> Value {
        serde_json::to_value(Fake::describe_action(action)).unwrap()
    }

    #[test]
    fn every_action_and_class_is_described() {
        for action in catalog::actions() {
            let described = described(&action.full_name);
            assert_eq!(described["parameters"].as_array().map(Vec::len), Some(action.parameters.len()));
            for parameter in described["parameters"].as_array().into_iter().flatten() {
                let is_enum = parameter["type"] == "enum";
                assert_eq!(is_enum, parameter["values"].is_array(), "{}: {parameter}", action.full_name);
            }
        }
    }

    #[test]
    fn a_parameter_is_described_with_its_type_and_default() {
        let parameters = &described("APPTOKEN.startsession")["parameters"];
        assert_eq!(parameters[0], json!({ "name": "id", "type": "string" }));
        assert_eq!(
            parameters[3],
            json!({
                "name": "type", "type": "enum", "class": "KalturaSessionType", "values": [0, 2],
                "labels": ["USER", "ADMIN"], "default": "null",
            })
        );
        assert!(described("media.lsit").is_null());
    }

    #[test]
    fn a_property_is_described_with_its_access() {
        let class = serde_json::to_value(Fake::describe_class("KalturaAppToken")).unwrap();
        let of = |name: &str| class["properties"].as_array().unwrap().iter().find(|each| each["name"] == name).cloned();
        assert_eq!(of("id").unwrap()["access"], "never");
        assert_eq!(of("expiry").unwrap()["type"], "time");
        assert!(Fake::describe_class("KalturaNope").is_none());
    }
}
