//! The API classes in requests: their properties, and how parameters become objects.

pub(crate) mod app_token;
pub(crate) mod app_token_filter;
pub(crate) mod build;
pub(crate) mod filter;
pub(crate) mod filter_pager;
pub(crate) mod response_profile;
pub(crate) mod user;
pub(crate) mod user_app_role;
pub(crate) mod user_filter;
pub(crate) mod user_role;
pub(crate) mod user_role_filter;
pub(crate) mod validate;

use indexmap::IndexMap;

/// An API class.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) properties: &'static [Property],
}

/// A property of a class.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: PropertyKind,
    pub(crate) access: Access,
    pub(crate) limit: Limit,
    /// Whether a new object must have it.
    pub(crate) is_mandatory: bool,
}

/// The declared type of a property.
#[derive(Clone, Copy)]
pub(crate) enum PropertyKind {
    Text,
    Int,
    Float,
    Bool,
    Time,
    Enum(&'static Enum),
    TextEnum(&'static TextEnum),
    Object(&'static Class),
    /// An abstract class; a request must name one that extends it.
    Abstract(&'static str),
    /// A text, or a list that the fake ignores.
    TextOrList,
    /// A list that the fake ignores.
    List,
}

/// Which requests may set a property.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Access {
    Always,
    OnlyInsert,
    Never,
}

/// What happens to long strings.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    None,
    /// A longer string is an error.
    Max(usize),
    /// A longer string is truncated.
    Cut(usize),
}

/// An enumeration with numeric values.
pub(crate) struct Enum {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [i64],
}

/// An enumeration with string values.
pub(crate) struct TextEnum {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
}

/// The classes of the actions with a model. The catalog has no properties of these, because they have limits and
/// spellings of their own.
const MODELLED: &[&Class] = &[
    &app_token::CLASS,
    &app_token_filter::CLASS,
    &filter_pager::CLASS,
    &user::CLASS,
    &user_app_role::CLASS,
    &user_filter::CLASS,
    &user_role::CLASS,
    &user_role_filter::CLASS,
];

/// The class with this name, if its properties are known.
pub(crate) fn class(name: &str) -> Option<&'static Class> {
    MODELLED.iter().copied().find(|class| class.name == name).or_else(|| crate::catalog::classes::find(name))
}

pub(crate) const SESSION_TYPE: Enum = Enum { name: "KalturaSessionType", values: &[0, 2] };

impl Property {
    pub(crate) const fn new(name: &'static str, kind: PropertyKind) -> Self {
        Self { name, kind, access: Access::Always, limit: Limit::None, is_mandatory: false }
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, PropertyKind::Text)
    }

    pub(crate) const fn read_only(name: &'static str, kind: PropertyKind) -> Self {
        Self { access: Access::Never, ..Self::new(name, kind) }
    }

    pub(crate) const fn only_insert(name: &'static str, kind: PropertyKind) -> Self {
        Self { access: Access::OnlyInsert, ..Self::new(name, kind) }
    }

    pub(crate) const fn limit(self, limit: Limit) -> Self {
        Self { limit, ..self }
    }
}

/// An object from a request, with the properties that the request sets.
pub(crate) struct Object {
    pub(crate) class: &'static Class,
    pub(crate) fields: IndexMap<&'static str, FieldValue>,
}

/// The value of a property in a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldValue {
    /// The property is to be set to null, with a parameter `name__null`.
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    /// A list or an object that is accepted and ignored.
    Opaque,
}

impl Object {
    pub(crate) fn empty(class: &'static Class) -> Self {
        Self { class, fields: IndexMap::new() }
    }

    /// The value of a property; `None` if it is not set.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldValue> {
        self.fields.get(name)
    }

    /// The string value of a property; `None` if it is not set or is set to null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number value of a property; `None` if it is not set or is set to null.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.field(name)? {
            FieldValue::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean value of a property; `None` if it is not set or is set to null.
    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            FieldValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Assigns the string value or null to `target`, if the property is set.
    pub(crate) fn set_text(&self, name: &str, target: &mut Option<String>) {
        if self.field(name).is_some() {
            *target = self.text(name).map(str::to_owned);
        }
    }

    /// Assigns the number value or null to `target`, if the property is set.
    pub(crate) fn set_int(&self, name: &str, target: &mut Option<i64>) {
        if self.field(name).is_some() {
            *target = self.int(name);
        }
    }
}
