//! Parsing values that the server sends in more than one JSON type.
//!
//! The same field is a number in one action and a string in another: `partnerId` in `session.startWidgetSession` and
//! `appToken.startSession`, for example. Observed on release Venus-22.19.0 (`happy_sha256_p101.jsonl`).

use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;

/// Deserializes a number that the server may send as a string.
pub(crate) fn number_or_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct NumberVisitor;

    impl Visitor<'_> for NumberVisitor {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an integer, as a number or a string")
        }

        fn visit_i64<E>(self, number: i64) -> Result<i64, E> {
            Ok(number)
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).map_err(|_| E::custom("number out of range"))
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
            text.parse().map_err(|_| E::custom("the string is not an integer"))
        }
    }

    deserializer.deserialize_any(NumberVisitor)
}

impl<'de> Deserialize<'de> for SessionType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_code(number_or_string(deserializer)?).ok_or_else(|| serde::de::Error::custom("unknown session type"))
    }
}

impl<'de> Deserialize<'de> for UnixSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_string(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_numbers_and_strings() {
        for (text, expected) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("\"-5\"", Some(-5)),
            ("\"101\"", Some(101)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("\"9223372036854775808\"", None),
            ("\"1a\"", None),
            ("1.5", None),
            ("null", None),
        ] {
            assert_eq!(serde_json::from_str(text).ok(), expected.map(UnixSeconds), "{text}");
        }
    }

    #[test]
    fn an_unknown_session_type_is_refused() {
        assert_eq!(serde_json::from_str::<SessionType>("\"2\"").unwrap(), SessionType::Admin);
        assert!(serde_json::from_str::<SessionType>("-1").is_err());
    }
}
