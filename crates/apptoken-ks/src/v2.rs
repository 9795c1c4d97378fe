//! The encrypted part of a KS V2: `sha1(random + query)`, the random bytes, and the query string.

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

/// What was in the encrypted part.
pub(crate) struct Unsealed {
    pub(crate) digest: [u8; DIGEST_SIZE],
    pub(crate) random: Vec<u8>,
    pub(crate) query: Vec<u8>,
}

pub(crate) fn seal(secret: &AccountSecret, random: [u8; RANDOM_SIZE], query: &str) -> Zeroizing<Vec<u8>> {
    let digest = Sha1::new().chain_update(random).chain_update(query).finalize();
    let plain = Zeroizing::new([digest.as_slice(), &random, query.as_bytes()].concat());
    let encryptor = cbc::Encryptor::<Aes128>::new((&*key(secret)).into(), (&IV).into());
    Zeroizing::new(encryptor.encrypt_padded_vec::<ZeroPadding>(&plain))
}

/// Decrypts; `None` unless it was encrypted with this secret and is unchanged.
pub(crate) fn unseal(secret: &AccountSecret, encrypted: &[u8]) -> Option<Unsealed> {
    let decryptor = cbc::Decryptor::<Aes128>::new((&*key(secret)).into(), (&IV).into());
    let padded = decryptor.decrypt_padded_vec::<NoPadding>(encrypted).ok()?;
    let mut plain = padded.as_slice();
    // As many zeros as there are: some clients pad by a whole block more than the server.
    while let [rest @ .., 0] = plain {
        plain = rest;
    }
    let (digest, rest) = plain.split_first_chunk::<DIGEST_SIZE>()?;
    let (random, query) = rest.split_at_checked(RANDOM_SIZE).unwrap_or((rest, &[]));
    let genuine = Sha1::digest(rest).as_slice().ct_eq(digest);
    bool::from(genuine).then(|| Unsealed { digest: *digest, random: random.to_vec(), query: query.to_vec() })
}

/// The first bytes of the secret's digest.
fn key(secret: &AccountSecret) -> Zeroizing<[u8; 16]> {
    let [key @ .., _, _, _, _] = <[u8; DIGEST_SIZE]>::from(Sha1::digest(secret.expose()));
    Zeroizing::new(key)
}

/// Always zero: what is encrypted begins with a digest over random bytes.
const IV: [u8; 16] = [0; 16];
