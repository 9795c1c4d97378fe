//! Sealing: records are encrypted and authenticated before they leave the machine.

use std::fmt;

use apptoken_core::Error;
use apptoken_core::login::store::{SessionKey, StoreError, StoreErrorKind};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key with which a program seals records itself, instead of the key derived from the app token.
///
/// # Examples
///
/// ```
/// use apptoken_store_redis::SealingKey;
///
/// let key = SealingKey::parse("5f0c1d4e8a7b39260f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978")?;
/// assert_eq!(format!("{key:?}"), "SealingKey([redacted])");
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Reads a key of 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) for any other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *key)
            .map_err(|_| Error::invalid_input("a sealing key has 64 hexadecimal digits, for 32 random bytes"))?;
        Ok(Self(key))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

/// The keys of a store.
#[derive(Debug)]
pub(crate) enum Sealing {
    /// Derived from the app token's value, which every program with the token has.
    ByToken,
    /// The first key seals, all of them open.
    ByKeys(Vec<SealingKey>),
}

/// The first byte of a sealed record: its format.
const FORMAT: u8 = 1;

const NONCE_LENGTH: usize = 24;

impl Sealing {
    /// Seals a record for this place. It can be opened there only.
    pub(crate) fn seal(&self, key: &SessionKey, place: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|error| StoreError::caused_by(StoreErrorKind::Io, error.to_string()))?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = match self.ciphers(key).first() {
            Some(cipher) => cipher.encrypt(&XNonce::from(nonce), payload).ok(),
            None => None,
        };
        let sealed = sealed.ok_or_else(|| StoreError::new(StoreErrorKind::Io))?;
        Ok([&[FORMAT], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) returned.
    pub(crate) fn open(&self, key: &SessionKey, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let foreign = || StoreError::new(StoreErrorKind::Foreign);
        let (format, rest) = sealed.split_first().ok_or_else(foreign)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LENGTH).ok_or_else(foreign)?;
        if *format != FORMAT {
            return Err(foreign());
        }
        let nonce = <[u8; NONCE_LENGTH]>::try_from(nonce).map(XNonce::from).map_err(|_| foreign())?;
        let open =
            |cipher: &XChaCha20Poly1305| cipher.decrypt(&nonce, Payload { msg: sealed, aad: place.as_bytes() }).ok();
        let opened = self.ciphers(key).iter().find_map(open);
        opened.map(Zeroizing::new).ok_or_else(|| StoreError::new(StoreErrorKind::NotAuthentic))
    }

    fn ciphers(&self, key: &SessionKey) -> Vec<XChaCha20Poly1305> {
        let cipher = |key: &[u8; 32]| XChaCha20Poly1305::new(&Key::from(*key));
        match self {
            Self::ByToken => derived(key).iter().map(|key| cipher(key)).collect(),
            Self::ByKeys(keys) => keys.iter().map(|SealingKey(key)| cipher(key)).collect(),
        }
    }
}

/// The sealing key of the token's holders, or `None` if HKDF refused its fixed lengths, which it does not.
fn derived(key: &SessionKey) -> Option<Zeroizing<[u8; 32]>> {
    let mut derived = Zeroizing::new([0; 32]);
    let hkdf = Hkdf::<Sha256>::new(None, key.secret());
    hkdf.expand(b"apptoken-store-redis: XChaCha20-Poly1305, format 1", &mut *derived).ok()?;
    Some(derived)
}

#[cfg(test)]
mod tests {
    use super::*;
    use apptoken_core::{AppTokenId, AppTokenSecret, Credential, Endpoint, HashType, PartnerId, SessionOptions};

    fn key(token: &str) -> SessionKey {
        let endpoint = Endpoint::parse("https://kaltura.example.org").unwrap();
        let (id, token) = (AppTokenId::parse("0_abcd1234").unwrap(), AppTokenSecret::parse(token).unwrap());
        let credential = Credential::new(PartnerId::new(101).unwrap(), id, token, HashType::Sha256);
        SessionKey::new(&endpoint, &credential, SessionOptions::default())
    }

    const TOKEN: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_sealed_record_opens_in_its_place_with_its_token_only() {
        let sealed = Sealing::ByToken.seal(&key(TOKEN), "place", b"record").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"record"));
        assert_eq!(&**Sealing::ByToken.open(&key(TOKEN), "place", &sealed).unwrap(), b"record");
        let other = key("ffeeddccbbaa99887766554433221100");
        for (key, place) in [(&key(TOKEN), "elsewhere"), (&other, "place")] {
            let error = Sealing::ByToken.open(key, place, &sealed).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::NotAuthentic);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let sealed = Sealing::ByToken.seal(&key(TOKEN), "place", b"record").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(Sealing::ByToken.open(&key(TOKEN), "place", &changed).is_err(), "{position}");
            assert!(Sealing::ByToken.open(&key(TOKEN), "place", &sealed[..position]).is_err(), "{position}");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_keys_open() {
        let [old, new] = [[1; 32], [2; 32]].map(SealingKey::new);
        let (before, during) = (Sealing::ByKeys(vec![old.clone()]), Sealing::ByKeys(vec![new.clone(), old]));
        let after = Sealing::ByKeys(vec![new]);
        let key = key(TOKEN);
        let old_record = before.seal(&key, "place", b"record").unwrap();
        let new_record = during.seal(&key, "place", b"record").unwrap();
        assert!(during.open(&key, "place", &old_record).is_ok() && after.open(&key, "place", &new_record).is_ok());
        assert!(before.open(&key, "place", &new_record).is_err() && after.open(&key, "place", &old_record).is_err());
    }

    #[test]
    fn only_64_hexadecimal_digits_are_a_key() {
        assert!(SealingKey::parse(&"0f".repeat(32)).is_ok());
        for text in ["", "0f", &"0f".repeat(33), &"0g".repeat(32)] {
            assert!(SealingKey::parse(text).is_err(), "{text}");
        }
    }
}
