//! The ids of accounts and app tokens.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

use crate::error::Error;
use crate::value::text::check_copied;
use crate::value::text_form::text_form;

/// The id of a Kaltura account, which Kaltura calls *partner id*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(NonZeroU32);

impl PartnerId {
    /// Creates a partner id from a number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for 0 and for numbers above 2147483647, which
    /// Kaltura's database cannot store.
    pub fn new(id: u32) -> Result<Self, Error> {
        NonZeroU32::new(id)
            .filter(|id| id.get() <= i32::MAX as u32)
            .map(Self)
            .ok_or_else(|| Error::invalid_input("the partner id must be between 1 and 2147483647"))
    }

    /// Parses a partner id from text such as `1234567`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the text consists of digits. The error for
    /// a widget id, `_1234567`, names the mistake, because the two ids are easily confused.
    pub fn parse(text: &str) -> Result<Self, Error> {
        check_copied(text, "the partner id")?;
        if text.starts_with('_') {
            return Err(Error::invalid_input(
                "the partner id starts with an underscore, so it is a widget id: use only the digits, such as 1234567",
            ));
        }
        if text.starts_with('-') {
            return Err(Error::invalid_input("the partner id is negative: use the account's number, such as 1234567"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid_input("the partner id must consist of digits only, such as 1234567"));
        }
        // Digits that are not a `u32` are a number that is too large.
        Self::new(text.parse().unwrap_or(u32::MAX))
    }

    /// The partner id as a number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an app token, such as `1_ab12cd34`. It is not a secret, and it is cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppTokenId(Arc<str>);

impl AppTokenId {
    /// Takes the id as `appToken.add` or `appToken.list` returned it.
    ///
    /// Keep the case as it is. The server accepts either case, but when the token is deleted, it does not revoke sessions
    /// that were started with an id in a different case.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the id consists of digits, an underscore, and
    /// letters and digits, with at most 20 characters. The error for 32 hex digits says that this is the token's secret
    /// value.
    pub fn parse(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        check_copied(&id, "the app token's id")?;
        if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::invalid_input(
                "the app token's id consists of 32 hex digits, so it is the token's secret value: an id looks like 1_ab12cd34",
            ));
        }
        // The server generates `{data centre}_{8 characters [0-9a-z]}`, for a database column of 20 characters.
        let well_formed = id.split_once('_').is_some_and(|(center, rest)| {
            !center.is_empty()
                && center.bytes().all(|byte| byte.is_ascii_digit())
                && !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if well_formed && id.len() <= 20 {
            Ok(Self(id.into()))
        } else {
            Err(Error::invalid_input(format!(
                "the app token's id must look like 1_ab12cd34 (digits, an underscore, letters and digits); this one has {} characters",
                id.chars().count()
            )))
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_form!(AppTokenId);

impl FromStr for PartnerId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// A number, as in Kaltura's API.
impl serde::Serialize for PartnerId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.get())
    }
}

impl<'de> serde::Deserialize<'de> for PartnerId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_widget_id_is_not_accepted_as_a_partner_id() {
        let error = PartnerId::parse("_1234567").unwrap_err().to_string();
        assert!(error.contains("underscore") && error.contains("only the digits"), "{error}");
    }

    #[test]
    fn partner_ids_are_positive_numbers() {
        assert_eq!(PartnerId::parse("1234567").unwrap().get(), 1_234_567);
        for text in ["", "0", "-1", "+1", " 1", "1 ", "abc", "2147483648", "99999999999", "1.0"] {
            assert!(PartnerId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_value_is_not_accepted_as_its_id() {
        let error = AppTokenId::parse("00112233445566778899aabbccddeeff").unwrap_err().to_string();
        assert!(error.contains("secret value"), "{error}");
        assert!(!error.contains("00112233"), "{error}");
    }

    #[test]
    fn an_id_of_32_other_characters_is_not_called_a_value() {
        for id in ["g".repeat(32), "0".repeat(31), "0".repeat(33)] {
            let error = AppTokenId::parse(id).unwrap_err().to_string();
            assert!(!error.contains("secret value"), "{error}");
        }
    }

    #[test]
    fn only_token_ids_of_kalturas_form_are_accepted() {
        for id in ["0_jgc81x8q", "1_AB12CD34", "12_a"] {
            assert_eq!(AppTokenId::parse(id).unwrap().as_str(), id);
        }
        for id in ["", "jgc81x8q", "_a", "1_", "1_a b", "1_ab12cd34\n", "a_b", "1_aaaaaaaaaaaaaaaaaaa"] {
            assert!(AppTokenId::parse(id).is_err(), "{id:?}");
        }
    }
}
