//! The token hash, which proves to `appToken.startSession` that the caller knows the token's value.

use alloc::string::String;
use alloc::vec;
use core::fmt;
use core::str::FromStr;

use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

use crate::error::Error;
use crate::value::ks::Ks;
use crate::value::secrets::{AppTokenSecret, TokenHash};
use crate::value::text::check_copied;
use crate::value::text_form::text_form;

/// The hash function of an app token: `KalturaAppTokenHashType`.
///
/// It must be the hash type of the token. The server uses SHA1 for a token that was created without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum HashType {
    /// `MD5`
    #[serde(rename = "MD5")]
    Md5,
    /// `SHA1`
    #[serde(rename = "SHA1")]
    Sha1,
    /// `SHA256`
    #[serde(rename = "SHA256")]
    Sha256,
    /// `SHA512`
    #[serde(rename = "SHA512")]
    Sha512,
}

impl HashType {
    /// All hash types, in the order in which detection tries them: the most common first.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Md5];

    /// The name that Kaltura uses for this hash type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Computes the token hash: the digest of the KS, exactly as it is sent, followed by the token's value.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::{AppTokenSecret, HashType, Ks};
    ///
    /// let ks = Ks::parse("djJ8MTIzNDU2N3w")?;
    /// let token = AppTokenSecret::parse("00112233445566778899aabbccddeeff")?;
    /// assert_eq!(HashType::Sha256.token_hash(&ks, &token).expose().len(), 64);
    /// # Ok::<(), apptoken_core::Error>(())
    /// ```
    #[must_use]
    pub fn token_hash(self, ks: &Ks, token: &AppTokenSecret) -> TokenHash {
        TokenHash::new(self.hex(ks.expose(), token.expose()))
    }

    fn hex(self, ks: &str, token: &str) -> String {
        match self {
            Self::Md5 => hex_digest::<Md5>(ks, token),
            Self::Sha1 => hex_digest::<Sha1>(ks, token),
            Self::Sha256 => hex_digest::<Sha256>(ks, token),
            Self::Sha512 => hex_digest::<Sha512>(ks, token),
        }
    }
}

/// A plain digest in lower-case hex, as the server computes it (`api_v3/services/AppTokenService.php`).
///
/// Some of Kaltura's guides call it an HMAC. The server compares the text exactly, so upper-case hex is refused.
fn hex_digest<D: Digest>(ks: &str, token: &str) -> String {
    let digest = D::new().chain_update(ks).chain_update(token).finalize();
    let mut text = vec![0; 2 * digest.len()];
    // It writes all digits at once; `hex::encode` appends them one by one. Neither step can fail: the length is right, and
    // digits are UTF-8.
    let written = hex::encode_to_slice(digest, &mut text);
    written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}

impl FromStr for HashType {
    type Err = Error;

    /// Reads the name that Kaltura uses for a hash type. Names are case-sensitive, as they are on the server.
    fn from_str(name: &str) -> Result<Self, Error> {
        find(name, "the hash type must be MD5, SHA1, SHA256 or SHA512, in upper case")
    }
}

fn find(name: &str, expected: &'static str) -> Result<HashType, Error> {
    check_copied(name, "the hash type")?;
    let found = HashType::ALL.into_iter().find(|hash_type| hash_type.as_str() == name);
    found.ok_or_else(|| Error::invalid_input(expected))
}

impl fmt::Display for HashType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a login determines the hash type of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashChoice {
    /// The hash type is known, which is the usual case.
    Known(HashType),
    /// The hash type is unknown: the login tries each type with the same widget session, and the
    /// [`Session`](crate::Session) reports the one that succeeded.
    ///
    /// This takes up to 5 requests instead of 2, so store the result.
    Detect,
}

impl HashChoice {
    /// Parses the name of a hash type, or `detect`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for any other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text == DETECT {
            return Ok(Self::Detect);
        }
        find(text, "the hash type must be MD5, SHA1, SHA256 or SHA512 in upper case, or detect in lower case")
            .map(Self::Known)
    }

    /// The name of the hash type, or `detect`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known(hash_type) => hash_type.as_str(),
            Self::Detect => DETECT,
        }
    }
}

const DETECT: &str = "detect";

text_form!(HashChoice);

impl From<HashType> for HashChoice {
    fn from(hash_type: HashType) -> Self {
        Self::Known(hash_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_the_servers() {
        for vector in apptoken_golden::hash_vectors() {
            let hash_type: HashType = vector.hash_type.parse().unwrap();
            assert_eq!(
                hash_type.hex(&vector.ks, &vector.token),
                vector.hash,
                "{hash_type} {:?} {:?}",
                vector.ks,
                vector.token
            );
        }
    }

    #[test]
    fn hash_type_names_are_case_sensitive() {
        for hash_type in HashType::ALL {
            assert_eq!(hash_type.as_str().parse::<HashType>().unwrap(), hash_type);
        }
        for name in ["", "sha256", "SHA-256", "SHA384", "MD5 "] {
            assert!(name.parse::<HashType>().is_err(), "{name}");
        }
    }
}
