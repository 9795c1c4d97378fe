//! The token hash: what proves to `appToken.startSession` that the caller knows the token.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

use crate::error::Error;
use crate::value::ks::Ks;
use crate::value::secrets::{AppTokenSecret, TokenHash};

/// The hash function of an app token: `KalturaAppTokenHashType`.
///
/// It must be the one that the token was created with; the server's default for a token created without one is SHA1.
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
    /// All four, in the order in which detection tries them: the most usual first.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Md5];

    /// Kaltura's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Hashes the KS, exactly as it will be sent, followed by the token's value.
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

fn hex_digest<D: Digest>(ks: &str, token: &str) -> String {
    hex::encode(D::new().chain_update(ks).chain_update(token).finalize())
}

impl FromStr for HashType {
    type Err = Error;

    /// Reads Kaltura's name of a hash type; case matters to the server, so it matters here.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|hash_type| hash_type.as_str() == name)
            .ok_or_else(|| Error::invalid_input("the hash type must be one of MD5, SHA1, SHA256, SHA512, in capitals"))
    }
}

impl fmt::Display for HashType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a login knows the hash type of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashChoice {
    /// It is known: the usual case.
    Known(HashType),
    /// It is not known: each type is tried on one widget session, and the session tells which one it was.
    ///
    /// Costs up to 5 requests instead of 2, so write down what it found.
    Detect,
}

impl From<HashType> for HashChoice {
    fn from(hash_type: HashType) -> Self {
        Self::Known(hash_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_server() {
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
    fn names_are_exact() {
        for hash_type in HashType::ALL {
            assert_eq!(hash_type.as_str().parse::<HashType>().unwrap(), hash_type);
        }
        for name in ["", "sha256", "SHA-256", "SHA384", "MD5 "] {
            assert!(name.parse::<HashType>().is_err(), "{name}");
        }
    }
}
