//! The classes of objects that requests hold: their properties, and how an object is made of parameters.

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

/// A class of the API.
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
}

/// The declared type of a property.
#[derive(Clone, Copy)]
pub(crate) enum PropertyKind {
    Text,
    Int,
    Bool,
    Time,
    Enum(&'static Enum),
    TextEnum(&'static TextEnum),
    Object(&'static Class),
    /// A class that no object can have, only those derived from it.
    Abstract(&'static str),
    /// A list that the fake does not look into.
    List,
}

/// Who may set a property.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Access {
    Always,
    OnlyInsert,
    Never,
}

/// What happens to long texts.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    None,
    /// More bytes are an error.
    Max(usize),
    /// More bytes are cut off.
    Cut(usize),
}

/// An enumeration of numbers.
pub(crate) struct Enum {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [i64],
}

/// An enumeration of texts.
pub(crate) struct TextEnum {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
}

pub(crate) const SESSION_TYPE: Enum = Enum { name: "KalturaSessionType", values: &[0, 2] };

impl Property {
    pub(crate) const fn new(name: &'static str, kind: PropertyKind) -> Self {
        Self { name, kind, access: Access::Always, limit: Limit::None }
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

/// An object made of the parameters of a request. What was not given is not in it.
pub(crate) struct Object {
    pub(crate) class: &'static Class,
    pub(crate) fields: IndexMap<&'static str, FieldValue>,
}

/// A property that a request sets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldValue {
    /// To be set to null (`name__null`).
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    /// A list or an object that is only accepted.
    Opaque,
}

impl Object {
    pub(crate) fn empty(class: &'static Class) -> Self {
        Self { class, fields: IndexMap::new() }
    }

    /// The property as given.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldValue> {
        self.fields.get(name)
    }

    /// The text of a property; `None` if it was not given or is to be null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a property; `None` if it was not given or is to be null.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.field(name)? {
            FieldValue::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth of a property; `None` if it was not given or is to be null.
    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            FieldValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Puts a text where one was given, or null where that was asked for.
    pub(crate) fn set_text(&self, name: &str, target: &mut Option<String>) {
        if self.field(name).is_some() {
            *target = self.text(name).map(str::to_owned);
        }
    }

    /// Puts a number where one was given, or null where that was asked for.
    pub(crate) fn set_int(&self, name: &str, target: &mut Option<i64>) {
        if self.field(name).is_some() {
            *target = self.int(name);
        }
    }
}
