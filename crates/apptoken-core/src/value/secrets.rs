//! Types for secrets: no `Display`, no `PartialEq`, a redacted `Debug`, wiped from memory when dropped.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;

use crate::error::Error;
use crate::value::text::check_copied;
use crate::value::wiped::WipedText;

/// The secret value of an app token, which is hashed together with a KS.
///
/// Anyone who holds it can start sessions with everything that the token allows.
#[derive(Clone)]
pub struct AppTokenSecret(WipedText);

impl AppTokenSecret {
    /// Takes the token's value as `appToken.add` returned it (32 hex digits on every known server).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or contains whitespace or control
    /// characters. Such a value never matches; the usual cause is a line break at the end of a file.
    pub fn parse(value: impl Into<String>) -> Result<Self, Error> {
        printable(value.into(), "the app token's value").map(Self)
    }

    /// Exposes the secret.
    ///
    /// # Security
    ///
    /// Do not log or print the returned text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret. The comparison takes constant time.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl<'de> serde::Deserialize<'de> for AppTokenSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(|_| serde::de::Error::custom("not an app token value"))
    }
}

/// A secret of the account (admin secret or user secret). It signs the account's KS strings.
#[derive(Clone)]
pub struct AccountSecret(WipedText);

impl AccountSecret {
    /// Takes the secret as Kaltura's management console shows it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or contains whitespace or control
    /// characters.
    pub fn parse(value: impl Into<String>) -> Result<Self, Error> {
        printable(value.into(), "the account secret").map(Self)
    }

    /// Exposes the secret.
    ///
    /// # Security
    ///
    /// Do not log or print the returned text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret. The comparison takes constant time.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// The `tokenHash` of `appToken.startSession`.
///
/// It is a secret too: with its KS, it can be replayed until that KS expires.
#[derive(Clone)]
pub struct TokenHash(WipedText);

impl TokenHash {
    pub(crate) fn new(hex: String) -> Self {
        Self(hex.into())
    }

    /// Exposes the hash, in lower-case hex.
    ///
    /// # Security
    ///
    /// Do not log or print the returned text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

macro_rules! redacted {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )*};
}

redacted!(AppTokenSecret AccountSecret TokenHash);

/// Refuses a value that was read or copied incorrectly. The error names the mistake, but does not contain the value.
pub(crate) fn printable(value: String, what: &str) -> Result<WipedText, Error> {
    let value = WipedText::from(value);
    // Without an early return, the compiler can check many bytes at once.
    let graphic = value.bytes().fold(true, |graphic, byte| graphic & byte.is_ascii_graphic());
    check_copied(&value, what)?;
    if graphic {
        return Ok(value);
    }
    if let Some(position) = value.chars().position(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid_input(alloc::format!(
            "{what} contains whitespace or a control character at position {position}: copy it again without it"
        )));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn debug_shows_no_secret() {
        let token = AppTokenSecret::parse("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "AppTokenSecret([redacted])");
        let secret = AccountSecret::parse("0123456789abcdef").unwrap();
        assert_eq!(format!("{secret:#?}"), "AccountSecret([redacted])");
        assert_eq!(format!("{:?}", TokenHash::new("00ff".into())), "TokenHash([redacted])");
    }

    #[test]
    fn a_secret_with_a_line_break_is_refused_without_showing_it() {
        for value in ["s3cret\n", "s3cret\r\n"] {
            let text = AppTokenSecret::parse(value).unwrap_err().to_string();
            assert!(text.contains("line break") && text.contains("strip it"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert!(AppTokenSecret::parse("a b").unwrap_err().to_string().contains("position 1"));
        assert!(AccountSecret::parse("").unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn secrets_are_the_same_if_their_text_is() {
        let token = |text: &str| AppTokenSecret::parse(text).unwrap();
        assert!(token("abc").is_same(&token("abc")) && !token("abc").is_same(&token("abd")));
        let secret = |text: &str| AccountSecret::parse(text).unwrap();
        assert_eq!(secret("abc").expose(), "abc");
        assert!(secret("abc").is_same(&secret("abc")));
        assert!(!secret("abc").is_same(&secret("abd")));
        assert!(!secret("abc").is_same(&secret("abcd")));
    }
}
