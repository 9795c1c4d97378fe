//! Secrets as types: no `Display`, no `PartialEq`, a `Debug` that shows nothing, wiped from memory when dropped.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::Error;

/// The value of an app token: what is hashed together with a KS.
///
/// Whoever holds it can start sessions with everything the token allows.
#[derive(Clone)]
pub struct AppTokenSecret(Zeroizing<String>);

impl AppTokenSecret {
    /// Takes the token's value as `appToken.add` returned it (32 hex digits on every known server).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or holds white space or control
    /// characters: such a value never matches, and a line break at the end of a file is the usual reason.
    pub fn parse(value: impl Into<String>) -> Result<Self, Error> {
        printable(value.into(), "the app token's value").map(Self)
    }

    /// The secret itself.
    ///
    /// # Security
    ///
    /// The one way out: do not log or print what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl<'de> serde::Deserialize<'de> for AppTokenSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom("not the value of an app token"))
    }
}

/// A secret of the account (admin secret or user secret), which signs KS strings of that account.
#[derive(Clone)]
pub struct AccountSecret(Zeroizing<String>);

impl AccountSecret {
    /// Takes the secret as the Kaltura console shows it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or holds white space or control
    /// characters.
    pub fn parse(value: impl Into<String>) -> Result<Self, Error> {
        printable(value.into(), "the account secret").map(Self)
    }

    /// The secret itself.
    ///
    /// # Security
    ///
    /// The one way out: do not log or print what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// The `tokenHash` of `appToken.startSession`.
///
/// It can be replayed together with its KS until that KS ends, so it is a secret too.
#[derive(Clone)]
pub struct TokenHash(Zeroizing<String>);

impl TokenHash {
    pub(crate) fn new(hex: String) -> Self {
        Self(Zeroizing::new(hex))
    }

    /// The hash in lower-case hex.
    ///
    /// # Security
    ///
    /// The one way out: do not log or print what this returns.
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

/// Refuses what can only be a mistake of reading or copying, and says which, without the value.
pub(crate) fn printable(value: String, what: &str) -> Result<Zeroizing<String>, Error> {
    let value = Zeroizing::new(value);
    // Without an early end the compiler looks at many bytes at once.
    if !value.is_empty() && value.bytes().fold(true, |graphic, byte| graphic & byte.is_ascii_graphic()) {
        return Ok(value);
    }
    if value.is_empty() {
        return Err(Error::invalid_input(alloc::format!("{what} is empty")));
    }
    if value.ends_with(['\n', '\r']) {
        return Err(Error::invalid_input(alloc::format!(
            "{what} ends with a line break: strip it (a file that holds a secret usually ends with one)"
        )));
    }
    if let Some(position) = value.chars().position(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid_input(alloc::format!(
            "{what} holds white space or a control character at position {position}: copy it again without"
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
    fn a_line_break_from_a_file_is_refused_with_advice_and_without_the_value() {
        for value in ["s3cret\n", "s3cret\r\n"] {
            let text = AppTokenSecret::parse(value).unwrap_err().to_string();
            assert!(text.contains("line break") && text.contains("strip it"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert!(AppTokenSecret::parse("a b").unwrap_err().to_string().contains("position 1"));
        assert!(AccountSecret::parse("").unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn sameness_is_of_the_text() {
        let secret = |text: &str| AccountSecret::parse(text).unwrap();
        assert!(secret("abc").is_same(&secret("abc")));
        assert!(!secret("abc").is_same(&secret("abd")));
        assert!(!secret("abc").is_same(&secret("abcd")));
    }
}
