//! The API classes in requests: their properties, and how parameters become objects.

pub(crate) mod app_token;
pub(crate) mod app_token_filter;
pub(crate) mod build;
pub(crate) mod filter;
pub(crate) mod filter_pager;
pub(crate) mod response_profile;
pub(crate) mod search_item;
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
    pub(crate) null: NullEffect,
}

/// The declared type of a property.
#[derive(Clone, Copy)]
pub(crate) enum PropertyKind {
    Text,
    Int,
    Float,
    Bool,
    /// A boolean with a third value, -1, which is the same as no value.
    NullableBool,
    Time,
    Enum(&'static Enum),
    TextEnum(&'static TextEnum),
    Object(&'static Class),
    /// An abstract class; a request must name one that extends it.
    Abstract(&'static str),
    /// A list of objects of an abstract class.
    AbstractList(&'static str),
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

/// What `name__null` in a request does. The server puts an object in the place of the value, and not all of its code
/// expects one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NullEffect {
    /// The property is set to null.
    Sets,
    /// A fatal PHP error when the server logs the arguments, in which it masks personal data. It comes before all checks
    /// of the caller.
    Crashes,
    /// `INTERNAL_SERVERL_ERROR`.
    Fails,
    FailsOnInsert,
    FailsOnUpdate,
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
    &search_item::OPERATOR,
    &search_item::CONDITION,
    &search_item::COMPARABLE_CONDITION,
    &search_item::MATCH_CONDITION,
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
        Self { name, kind, access: Access::Always, limit: Limit::None, is_mandatory: false, null: NullEffect::Sets }
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, PropertyKind::Text)
    }

    pub(crate) const fn read_only(name: &'static str, kind: PropertyKind) -> Self {
        Self { access: Access::Never, ..Self::new(name, kind) }
    }

    /// A condition of a filter, which cannot be null.
    pub(crate) const fn condition(name: &'static str, kind: PropertyKind) -> Self {
        Self::new(name, kind).null(NullEffect::Fails)
    }

    pub(crate) const fn only_insert(name: &'static str, kind: PropertyKind) -> Self {
        Self { access: Access::OnlyInsert, ..Self::new(name, kind) }
    }

    pub(crate) const fn limit(self, limit: Limit) -> Self {
        Self { limit, ..self }
    }

    pub(crate) const fn null(self, null: NullEffect) -> Self {
        Self { null, ..self }
    }

    /// Personal data, which the server masks in its log.
    pub(crate) const fn masked(self) -> Self {
        self.null(NullEffect::Crashes)
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

    /// Whether a property is set to null that has such an effect.
    pub(crate) fn has_null_that(&self, is_wanted: impl Fn(NullEffect) -> bool) -> bool {
        let is_null = |property: &&Property| self.field(property.name) == Some(&FieldValue::Null);
        self.class.properties.iter().filter(is_null).any(|property| is_wanted(property.null))
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
