use std::borrow::Cow;

use indexmap::{Equivalent, IndexMap};
use smol_str::SmolStr;

/// The value of a parameter.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(SmolStr),
    /// Bytes from a form that are not UTF-8. The server removes them, so they are cast to an empty string.
    NotUtf8,
    Array(Array),
}

/// A PHP array: ordered, with integers and strings as keys.
pub(crate) type Array = IndexMap<Key, Value>;

/// A key of a PHP array. A string that is a decimal integer becomes that integer.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Key {
    Int(i64),
    Text(SmolStr),
}

impl Value {
    pub(crate) fn text(text: impl Into<SmolStr>) -> Self {
        Self::Text(text.into())
    }

    /// Its approximate size in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Text(text) => text.len(),
                Self::Array(array) => array.iter().map(|(key, value)| key.size() + value.size()).sum(),
                Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::NotUtf8 => 0,
            }
    }

    #[cfg(test)]
    pub(crate) fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        integer(text).map_or_else(|| Self::Text(text.into()), Self::Int)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        SmolStr::from(text).into()
    }
}

impl From<SmolStr> for Key {
    fn from(text: SmolStr) -> Self {
        integer(&text).map_or(Self::Text(text), Self::Int)
    }
}

impl Key {
    fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Int(_) => 0,
                Self::Text(text) => text.len(),
            }
    }

    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Int(number) => number.to_string().into(),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

/// The value of a name.
pub(crate) fn get<'a>(array: &'a Array, name: &str) -> Option<&'a Value> {
    /// Among few keys, comparing each is faster than hashing the name. Most requests have few parameters.
    const FEW: usize = 12;
    let name = Name::from(name);
    if array.len() > FEW {
        return array.get(&name);
    }
    array.iter().find(|(key, _)| name.equivalent(key)).map(|(_, value)| value)
}

/// The value of a name, unless it is null, as with `isset`.
pub(crate) fn set<'a>(array: &'a Array, name: &str) -> Option<&'a Value> {
    get(array, name).filter(|value| **value != Value::Null)
}

/// A [`Key`] that borrows its text. A request looks up dozens of names, and none is copied for that. The variants are those of
/// [`Key`] in their order, so that both have the same hash.
#[derive(Hash)]
enum Name<'a> {
    Int(i64),
    Text(&'a str),
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(text: &'a str) -> Self {
        integer(text).map_or(Self::Text(text), Self::Int)
    }
}

impl Equivalent<Key> for Name<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Int(one), Key::Int(other)) => one == other,
            (Self::Text(one), Key::Text(other)) => one == other,
            _ => false,
        }
    }
}

/// The number that a text is as a key.
fn integer(text: &str) -> Option<i64> {
    // Only these characters begin a number, so that most names are not parsed.
    let can_be_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let number = can_be_number.then(|| text.parse::<i64>().ok())??;
    (number.to_string() == text).then_some(number)
}

/// `array_replace_recursive`: replaces values of `base` by those of `over`, and merges arrays.
pub(crate) fn replace_recursive(base: &mut Array, over: impl IntoIterator<Item = (Key, Value)>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Array(inner)), Value::Array(more)) => replace_recursive(inner, more),
            (Some(there), value) => *there = value,
            (None, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decimal_integers_become_integer_keys() {
        for (text, key) in [("0", 0), ("17", 17), ("-3", -3), ("9223372036854775807", i64::MAX)] {
            assert_eq!(Key::from(text), Key::Int(key));
        }
        for text in ["", "-0", "007", "1.5", " 1", "+1", "9223372036854775808", "a"] {
            assert_eq!(Key::from(text), Key::Text(text.into()));
        }
    }

    #[test]
    fn replacing_merges_arrays_and_keeps_the_order() {
        let array = |items: &[(&str, Value)]| items.iter().map(|(k, v)| (Key::from(*k), v.clone())).collect::<Array>();
        let mut base = array(&[("a", Value::Array(array(&[("x", Value::Int(1))]))), ("b", Value::Int(2))]);
        replace_recursive(&mut base, array(&[("b", Value::Null), ("a", Value::Array(array(&[("y", Value::Int(3))])))]));
        let a = array(&[("x", Value::Int(1)), ("y", Value::Int(3))]);
        assert_eq!(base, array(&[("a", Value::Array(a)), ("b", Value::Null)]));
    }
}
