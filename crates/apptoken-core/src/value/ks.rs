//! The KS (Kaltura Session) string, and the parts of it that are readable without the account's secret.

use alloc::string::{String, ToString as _};
use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::Error;
use crate::value::ids::PartnerId;
use crate::value::ks_base64::decode_ks;
use crate::value::privileges::Privileges;
use crate::value::secrets::printable;
use crate::value::time::UnixSeconds;
use crate::value::wiped::{WipedBytes, WipedText};

/// A Kaltura Session (KS) string. It is a bearer secret: anyone who holds it can use the session.
///
/// It is stored and sent exactly as the server returned it, because the token hash covers these exact characters.
#[derive(Clone)]
pub struct Ks(WipedText);

/// The two formats of a KS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KsVersion {
    /// Signed, but readable by anyone.
    V1,
    /// Encrypted with the account's secret, except for the partner id.
    V2,
}

/// The readable fields of a KS V1. They are not verified, because that needs the account's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KsV1Fields {
    /// When the session expires.
    pub expires_at: UnixSeconds,
    /// The session type: 0 user, 2 admin.
    pub session_type: i64,
    /// The user, or an empty string.
    pub user_id: String,
    /// The privileges of the session.
    pub privileges: Privileges,
}

impl Ks {
    /// Takes a KS string as a server returned it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or contains whitespace or control
    /// characters. Only the server can decide whether the KS is valid.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        printable(text.into(), "the KS").map(Self)
    }

    /// Exposes the KS string.
    ///
    /// # Security
    ///
    /// Do not log or print the returned text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Eight hex digits that are the same for the same KS, so that log lines can be correlated without exposing it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        hex::encode(digest.get(..4).unwrap_or_default())
    }

    /// Whether both are the same KS. The comparison takes constant time.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// The format of the KS; `None` if it has neither format.
    #[must_use]
    pub fn version(&self) -> Option<KsVersion> {
        let decoded = self.decode()?;
        if decoded.starts_with(V2_PREFIX) { Some(KsVersion::V2) } else { v1_text(&decoded).map(|_| KsVersion::V1) }
    }

    /// The account that the KS names. It is not verified.
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        let decoded = self.decode()?;
        // A KS V2 starts with `v2|<partner id>|` in plain text, because the server needs the account's secret to decrypt the
        // rest.
        let digits = match decoded.strip_prefix(V2_PREFIX) {
            Some(rest) => core::str::from_utf8(rest.split(|byte| *byte == b'|').next()?).ok()?,
            None => v1_text(&decoded)?.split(';').next()?,
        };
        PartnerId::parse(digits).ok()
    }

    /// The readable fields of a KS V1; `None` for V2, which is encrypted.
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

    fn decode(&self) -> Option<WipedBytes> {
        decode_ks(&self.0).map(WipedBytes::from)
    }
}

const V2_PREFIX: &[u8] = b"v2|";

/// The text after the signature of a KS V1: `partner;partner;expiry;type;random;user;privileges;...`.
///
/// The server requires three fields (`parseKS` in `alpha/apps/kaltura/lib/webservices/kSessionBase.class.php`).
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
    fn v1_shows_its_fields() {
        let ks = Ks::parse(V1).unwrap();
        assert_eq!(ks.version(), Some(KsVersion::V1));
        assert_eq!(ks.partner(), Some(PartnerId::new(1_234_567).unwrap()));
        let fields = ks.v1_fields().unwrap();
        assert_eq!((fields.expires_at, fields.session_type, &*fields.user_id), (UnixSeconds(1_893_456_000), 0, "0"));
        assert_eq!(fields.privileges, Privileges::parse("view:*,widget:1"));
    }

    #[test]
    fn v1_has_a_signature_of_40_characters_and_three_fields() {
        let with = |length, fields: &str| {
            let text = format!("{}|{fields}", "a".repeat(length));
            Ks::parse(base64::engine::general_purpose::STANDARD.encode(text)).unwrap()
        };
        assert_eq!(with(40, "101;101;5;0").v1_fields().unwrap().expires_at, UnixSeconds(5));
        assert_eq!(with(40, "101;101;5").version(), Some(KsVersion::V1));
        for (length, fields) in [(39, "101;101;5;0"), (41, "101;101;5;0"), (40, "101;101")] {
            let ks = with(length, fields);
            assert_eq!((ks.version(), ks.v1_fields()), (None, None), "{length} {fields}");
        }
    }

    #[test]
    fn v2_shows_only_its_partner() {
        for text in [V2, V2.trim_end_matches('='), &V2.replace('-', "+").replace('_', "/")] {
            let ks = Ks::parse(text).unwrap();
            assert_eq!(ks.version(), Some(KsVersion::V2));
            assert_eq!(ks.partner(), Some(PartnerId::new(1_234_567).unwrap()));
            assert_eq!(ks.v1_fields(), None);
        }
    }

    #[test]
    fn the_same_text_is_the_same_ks() {
        assert!(Ks::parse(V1).unwrap().is_same(&Ks::parse(V1).unwrap()));
        assert!(!Ks::parse(V1).unwrap().is_same(&Ks::parse(V2).unwrap()));
    }

    #[test]
    fn debug_shows_only_a_fingerprint() {
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
