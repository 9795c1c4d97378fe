//! Reads JSON of a test as the result of an action.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use crate::objects::build::is_xml_char;
use crate::output::{Output, Record};

/// The maximum number of values in one answer. A value can take many times the memory of its JSON.
const MAX_VALUES: u32 = 250_000;

/// What is expected of a name that becomes the name of an XML element.
pub(super) const NAMES: &str = "names of letters, digits and _ in an object with an objectType";

/// What is expected of texts, so that a reply in XML is well formed.
const CHARACTERS: &str = "characters that XML can contain";

/// Parses JSON. An object with `objectType` is an object of that class, and any other object an associative array.
///
/// The error does not contain a value.
pub(crate) fn parse(json: &str) -> Result<Output, &'static str> {
    let count = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_str(json);
    let parsed = Seed(&count).deserialize(&mut reader);
    parsed.map_err(|error| {
        let error = error.to_string();
        let own = [NAMES, CHARACTERS].into_iter().find(|expected| error.starts_with(expected));
        own.unwrap_or("JSON with at most 250,000 values and 127 levels")
    })
}

/// An object of a class; `None` if a name is not that of a property.
pub(crate) fn object(class: String, properties: impl IntoIterator<Item = (String, Output)>) -> Option<Output> {
    let properties: Vec<(Cow<_>, _)> = properties.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let is_valid = is_name(&class) && properties.iter().all(|(name, _)| is_name(name));
    is_valid.then(|| Output::Object(Record { class: class.into(), properties }))
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_part) && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Output;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Output, D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_VALUES {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Output;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Output, E> {
        Ok(Output::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Output, E> {
        Ok(Output::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Output, E> {
        Ok(Output::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Output, E> {
        Ok(i64::try_from(number).map_or(Output::Float(number as f64), Output::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Output, E> {
        Ok(Output::Float(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Output, E> {
        if text.chars().all(is_xml_char) { Ok(text.into()) } else { Err(E::custom(CHARACTERS)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Output, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Output::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Output, A::Error> {
        let mut values: IndexMap<String, Output> = IndexMap::new();
        while let Some(name) = items.next_key::<String>()? {
            if !name.chars().all(is_xml_char) {
                return Err(A::Error::custom(CHARACTERS));
            }
            values.insert(name, items.next_value_seed(self)?);
        }
        match values.get("objectType") {
            Some(Output::Text(class)) => {
                let class = class.clone();
                let properties = values.into_iter().filter(|(name, _)| name != "objectType");
                object(class, properties).ok_or_else(|| A::Error::custom(NAMES))
            }
            _ => Ok(Output::Map(values.into_iter().collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{json, xml};

    #[test]
    fn an_object_has_its_class_and_an_array_its_keys() {
        let output = parse(r#"{"b":[1,{"k":"v"}],"objectType":"X","a":null}"#).ok().unwrap();
        assert_eq!(json::text(&output), r#"{"b":[1,{"k":"v"}],"objectType":"X"}"#);
        assert_eq!(
            xml::bare_document(|writer| xml::write(writer, &output, true)),
            "<xml><result><objectType>X</objectType><b><item>1</item><item><item><itemKey>k</itemKey>v</item></item></b></result><executionTime>0.001</executionTime></xml>"
        );
    }

    #[test]
    fn names_that_xml_cannot_have_are_refused() {
        for json in [r#"{"objectType":"X","a b":1}"#, r#"{"objectType":"<x>"}"#, r#"[{"objectType":"X","1a":1}]"#] {
            assert_eq!(parse(json).err(), Some(NAMES), "{json}");
        }
        assert!(parse(r#"{"a b":1}"#).is_ok());
    }

    #[test]
    fn characters_that_xml_cannot_have_are_refused() {
        for json in [r#""\u0001""#, r#"{"\u0000":1}"#, r#"[{"objectType":"X","a":"\uffff"}]"#] {
            assert_eq!(parse(json).err(), Some(CHARACTERS), "{json}");
        }
        assert!(parse(r#""\t\n\r \ud83d\ude00 é""#).is_ok());
    }

    #[test]
    fn values_and_levels_are_limited() {
        assert!(parse(&format!("[{}1]", "1,".repeat(249_998))).is_ok());
        assert!(parse(&format!("[{}1]", "1,".repeat(249_999))).is_err());
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(127)).is_ok() && parse(&nested(128)).is_err() && parse(&nested(100_000)).is_err());
    }
}
