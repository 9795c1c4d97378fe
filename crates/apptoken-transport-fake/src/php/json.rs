//! `json_decode($text, true)`.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;

use crate::php::{Array, Key, Value};

/// The maximum nesting depth of `json_decode`.
const MAX_DEPTH: u32 = 512;

/// The maximum number of values. It stands for the memory limit of PHP.
const MAX_VALUES: u32 = 250_000;

/// Parses JSON; `None` if PHP cannot parse it.
pub(crate) fn decode(text: &str) -> Option<Value> {
    let (depth, values) = (Cell::new(0), Cell::new(0));
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = ValueSeed { depth: &depth, values: &values }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

#[derive(Clone, Copy)]
struct ValueSeed<'a> {
    depth: &'a Cell<u32>,
    values: &'a Cell<u32>,
}

impl ValueSeed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > MAX_DEPTH { Err(E::custom("nested too deeply")) } else { Ok(self) }
    }

    fn back(self) {
        self.depth.set(self.depth.get() - 1);
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        // serde_json parses `-0` as a float, PHP as the integer 0.
        Ok(if number == 0.0 && number.is_sign_negative() { Value::Int(0) } else { Value::Float(number) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper::<A::Error>()?;
        let mut array = Array::new();
        let mut next = 0;
        while let Some(item) = items.next_element_seed(seed)? {
            array.insert(Key::Int(next), item);
            next = next.checked_add(1).ok_or_else(|| A::Error::custom("too many items"))?;
        }
        self.back();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper::<A::Error>()?;
        let mut array = Array::new();
        while let Some(name) = items.next_key::<SmolStr>()? {
            let value = items.next_value_seed(seed)?;
            array.insert(Key::from(name), value);
        }
        self.back();
        Ok(Value::Array(array))
    }
}

/// A PHP array of strings.
#[cfg(test)]
pub(crate) fn list(items: &[&str]) -> Value {
    Value::Array((0..).zip(items).map(|(number, item)| (Key::Int(number), Value::text(*item))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_keeps_its_position_and_last_value() {
        let Some(Value::Array(array)) = decode(r#"{"a":1,"b":2,"a":["x","y"]}"#) else { panic!("an object") };
        assert_eq!(array.keys().map(Key::to_text).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(array.get(&Key::from("a")), Some(&list(&["x", "y"])));
    }

    #[test]
    fn numbers_beyond_64_bits_are_floats() {
        assert_eq!(decode("9223372036854775807"), Some(Value::Int(i64::MAX)));
        assert_eq!(decode("9223372036854775808"), Some(Value::Float(2_f64.powi(63))));
    }

    #[test]
    fn nesting_is_limited_to_512_levels() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(decode(&nested(512)).is_some());
        assert!(decode(&nested(513)).is_none());
        assert!(decode(&nested(1_000_000)).is_none());
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let many = |count: usize| format!("[{}1]", "1,".repeat(count - 2));
        assert!(decode(&many(250_000)).is_some());
        assert!(decode(&many(250_001)).is_none());
    }

    #[test]
    fn invalid_json_is_none() {
        for text in ["", "{", "{\"a\":1,}", "{'a':1}", "{\"a\":1} x", "\u{feff}{}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
