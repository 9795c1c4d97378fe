//! The result of an action, before it is serialized.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::ApiError;
use crate::php::Value;

/// The result of an action.
#[derive(Clone)]
pub(crate) enum Output {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Object(Record),
    /// A list of objects.
    List(Vec<Output>),
    /// An associative array: named values without a class.
    Map(Vec<(String, Output)>),
    Error(ApiError),
    /// A file: the body of the reply, whatever its format is.
    File(FileOutput),
    /// A result that is given more than once. It can be large, and the server is locked when it is given.
    Shared(Arc<Output>),
}

impl Output {
    /// Its approximate size in bytes.
    pub(crate) fn size(&self) -> usize {
        const EACH: usize = size_of::<(&str, Output)>();
        EACH + match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 0,
            Self::Text(text) => text.len(),
            Self::Object(record) => record.properties.iter().map(|(_, value)| value.size()).sum(),
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Map(items) => items.iter().map(|(name, value)| name.len() + value.size()).sum(),
            Self::Error(error) => error.size(),
            Self::File(file) => file.text.len(),
            Self::Shared(output) => output.size(),
        }
    }
}

/// The content of a file.
#[derive(Clone)]
pub(crate) struct FileOutput {
    pub(crate) content_type: &'static str,
    pub(crate) text: String,
}

/// An API object: its properties in the order of their declaration, including null ones.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) class: Cow<'static, str>,
    pub(crate) properties: Vec<(Cow<'static, str>, Output)>,
}

impl Record {
    pub(crate) fn new(class: &'static str, properties: impl IntoIterator<Item = (&'static str, Output)>) -> Self {
        let properties = properties.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { class: class.into(), properties }
    }

    /// The value of a property; `None` if the class has no such property.
    pub(crate) fn get(&self, name: &str) -> Option<&Output> {
        self.properties.iter().find(|(property, _)| *property == name).map(|(_, value)| value)
    }
}

impl From<Record> for Output {
    fn from(record: Record) -> Self {
        Self::Object(record)
    }
}

impl From<i64> for Output {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Output {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Output {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Output>> From<Option<T>> for Output {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Value> for Output {
    /// Repeats a request parameter with its type.
    fn from(value: &Value) -> Self {
        match value {
            Value::Null | Value::Array(_) | Value::NotUtf8 => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Text(text) => Self::Text(text.to_string()),
        }
    }
}
