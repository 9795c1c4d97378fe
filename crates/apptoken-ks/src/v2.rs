//! The encrypted part of a KS V2: `sha1(random + query)`, the random bytes, and the query string
//! (`alpha/apps/kaltura/lib/webservices/kSessionBase.class.php`).

use alloc::vec::Vec;

use aes::Aes128;
use apptoken_core::AccountSecret;
use cbc::cipher::block_padding::{NoPadding, ZeroPadding};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub(crate) const RANDOM_SIZE: usize = 16;
const DIGEST_SIZE: usize = 20;

/// The decrypted content of a KS V2.
pub(crate) struct Payload {
    pub(crate) digest: [u8; DIGEST_SIZE],
    pub(crate) random: Vec<u8>,
    pub(crate) query: Vec<u8>,
}

/// Encrypts a query string, with its digest and the random bytes.
pub(crate) fn encrypt(secret: &AccountSecret, random: [u8; RANDOM_SIZE], query: &str) -> Zeroizing<Vec<u8>> {
    let digest = Sha1::new().chain_update(random).chain_update(query).finalize();
    let plain = Zeroizing::new([digest.as_slice(), &random, query.as_bytes()].concat());
    let encryptor = cbc::Encryptor::<Aes128>::new((&*key(secret)).into(), (&IV).into());
    Zeroizing::new(encryptor.encrypt_padded_vec::<ZeroPadding>(&plain))
}

/// Decrypts a payload; `None` unless it was encrypted with this secret and is unchanged.
pub(crate) fn decrypt(secret: &AccountSecret, encrypted: &[u8]) -> Option<Payload> {
    let decryptor = cbc::Decryptor::<Aes128>::new((&*key(secret)).into(), (&IV).into());
    let padded = decryptor.decrypt_padded_vec::<NoPadding>(encrypted).ok()?;
    let mut plain = padded.as_slice();
    // Zero padding does not record its length, so all zeros are removed, as the server does. Kaltura's Ruby client adds a
    // whole block of zeros to aligned text.
    while let [rest @ .., 0] = plain {
        plain = rest;
    }
    let (digest, rest) = plain.split_first_chunk::<DIGEST_SIZE>()?;
    // A payload shorter than the random bytes is still genuine if the digest matches.
    let (random, query) = rest.split_at_checked(RANDOM_SIZE).unwrap_or((rest, &[]));
    let genuine = Sha1::digest(rest).as_slice().ct_eq(digest);
    bool::from(genuine).then(|| Payload { digest: *digest, random: random.to_vec(), query: query.to_vec() })
}

/// The AES key: the first 16 bytes of the secret's SHA-1 digest.
fn key(secret: &AccountSecret) -> Zeroizing<[u8; 16]> {
    let [key @ .., _, _, _, _] = <[u8; DIGEST_SIZE]>::from(Sha1::digest(secret.expose()));
    Zeroizing::new(key)
}

/// Always zero in Kaltura's format. The plaintext begins with a digest over random bytes, so equal fields still give
/// different ciphertexts.
const IV: [u8; 16] = [0; 16];
