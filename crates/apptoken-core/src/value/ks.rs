//! The KS (Kaltura Session) string, and what can be read of it without the account's secret.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::value::ids::PartnerId;
use crate::value::ks_base64::decode_ks;
use crate::value::privileges::Privileges;
use crate::value::secrets::printable;
use crate::value::time::UnixSeconds;

/// A Kaltura Session string: who holds it is the session.
///
/// Kept and sent exactly as the server gave it, since the token hash is taken over these very characters.
#[derive(Clone)]
pub struct Ks(Zeroizing<String>);

/// The two formats of a KS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KsVersion {
    /// Signed and readable.
    V1,
    /// Encrypted.
    V2,
}

/// What a KS V1 says openly. Nothing of it is verified: that needs the account's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KsV1Fields {
    /// When it ends.
    pub expires_at: UnixSeconds,
    /// The number of its session type: 0 user, 2 admin.
    pub session_type: i64,
    /// The user, or the empty text.
    pub user_id: String,
    /// Its privileges.
    pub privileges: Privileges,
}

impl Ks {
    /// Takes a KS string as a server returned it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or holds white space or control
    /// characters. Whether it is a good KS only the server can tell.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        printable(text.into(), "the KS").map(Self)
    }

    /// The KS itself.
    ///
    /// # Security
    ///
    /// The one way out: do not log or print what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Eight hex digits that stay the same for the same KS, so that log lines can be matched without showing it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        hex::encode(digest.get(..4).unwrap_or_default())
    }

    /// Whether both are the same KS, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// The format of the KS; `None` if it has neither.
    #[must_use]
    pub fn version(&self) -> Option<KsVersion> {
        let decoded = self.decode()?;
        if decoded.starts_with(V2_MARK) { Some(KsVersion::V2) } else { v1_text(&decoded).map(|_| KsVersion::V1) }
    }

    /// The account that the KS says it belongs to.
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        let decoded = self.decode()?;
        let digits = match decoded.strip_prefix(V2_MARK) {
            Some(rest) => core::str::from_utf8(rest.split(|byte| *byte == b'|').next()?).ok()?,
            None => v1_text(&decoded)?.split(';').next()?,
        };
        PartnerId::parse(digits).ok()
    }

    /// What a KS V1 says openly; `None` for V2, which is encrypted.
    #[must_use]
    pub fn v1_fields(&self) -> Option<KsV1Fields> {
        let decoded = self.decode()?;
        let mut fields = v1_text(&decoded)?.split(';').skip(2);
        Some(KsV1Fields {
            expires_at: UnixSeconds(fields.next()?.parse().ok()?),
            session_type: fields.next()?.parse().ok()?,
            user_id: fields.nth(1).unwrap_or_default().to_string(),
            privileges: fields.next().map(Privileges::parse).unwrap_or_default(),
        })
    }

    fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        decode_ks(&self.0).map(Zeroizing::new)
    }
}

const V2_MARK: &[u8] = b"v2|";

/// The text behind the signature of a KS V1: `partner;partner;expiry;type;random;user;privileges;...`.
fn v1_text(decoded: &[u8]) -> Option<&str> {
    let (signature, text) = core::str::from_utf8(decoded).ok()?.split_once('|')?;
    (signature.len() == 40 && text.matches(';').count() >= 2).then_some(text)
}

impl fmt::Debug for Ks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ks([redacted] {})", self.fingerprint())
    }
}

impl<'de> serde::Deserialize<'de> for Ks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(|_| serde::de::Error::custom("unusable KS"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use base64::Engine as _;
    use proptest::prelude::*;

    const V1: &str = "N2EzY2U2MmY2MzlmMzMwM2RmYWRiZGE0ZDYwMDA5N2YxMWIwMGZjNnwxMjM0NTY3OzEyMzQ1Njc7MTg5MzQ1NjAwMDswOzE3MDAwMDAwMDAuMTIzNDswO3ZpZXc6Kix3aWRnZXQ6MTs7";
    const V2: &str = "djJ8MTIzNDU2N3zVzK4_KaXjvJp4i8Q83jP0cZptfMyOHGyl_iG7jyo9_JgW88LBJMyLeJDL25CnmLz8RF4NRrR_xjaCJ_iebUWf3M9kEaZzckeAGRpEvW9EIw==";

    #[test]
    fn v1_is_readable() {
        let ks = Ks::parse(V1).unwrap();
        assert_eq!(ks.version(), Some(KsVersion::V1));
        assert_eq!(ks.partner(), Some(PartnerId::new(1_234_567).unwrap()));
        let fields = ks.v1_fields().unwrap();
        assert_eq!((fields.expires_at, fields.session_type, &*fields.user_id), (UnixSeconds(1_893_456_000), 0, "0"));
        assert_eq!(fields.privileges, Privileges::parse("view:*,widget:1"));
    }

    #[test]
    fn v2_tells_its_partner_only() {
        for text in [V2, V2.trim_end_matches('='), &V2.replace('-', "+").replace('_', "/")] {
            let ks = Ks::parse(text).unwrap();
            assert_eq!(ks.version(), Some(KsVersion::V2));
            assert_eq!(ks.partner(), Some(PartnerId::new(1_234_567).unwrap()));
            assert_eq!(ks.v1_fields(), None);
        }
    }

    #[test]
    fn debug_shows_a_fingerprint_only() {
        let ks = Ks::parse(V2).unwrap();
        let debug = format!("{ks:?}");
        assert_eq!(debug, format!("Ks([redacted] {})", ks.fingerprint()));
        assert_ne!(ks.fingerprint(), Ks::parse(V1).unwrap().fingerprint());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for text in [text, base64::engine::general_purpose::STANDARD.encode(bytes)] {
                if let Ok(ks) = Ks::parse(text) {
                    let _ = (ks.version(), ks.partner(), ks.v1_fields());
                }
            }
        }
    }
}
