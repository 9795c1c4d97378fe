//! The body of a reply.

use serde::Deserialize;

use crate::wire::search;

/// The body of a reply. Its encoding is checked once, which costs less than checking that of each text in it.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Text(&'a str),
    /// Bytes that are not UTF-8. The parser reports where, or they are in a part that is skipped.
    Bytes(&'a [u8]),
}

impl<'a> Body<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        str::from_utf8(bytes).map_or(Self::Bytes(bytes), Self::Text)
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    pub(crate) fn contains(self, word: &str) -> bool {
        match self {
            Self::Text(text) => text.contains(word),
            Self::Bytes(bytes) => search::contains(bytes, word.as_bytes()),
        }
    }

    pub(crate) fn parse<T: Deserialize<'a>>(self) -> serde_json::Result<T> {
        match self {
            Self::Text(text) => serde_json::from_str(text),
            Self::Bytes(bytes) => serde_json::from_slice(bytes),
        }
    }
}
