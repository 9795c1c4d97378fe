//! A KS V1 without its base64: `sha1(secret + info)` in hex, a bar, and the info, which is readable.

use alloc::format;
use alloc::string::String;

use apptoken_core::AccountSecret;
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub(crate) fn seal(secret: &AccountSecret, info: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{}|{info}", sign(secret, info.as_bytes()).as_str()))
}

/// The signature and the info, both unverified; `None` without a bar.
pub(crate) fn split(decoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut sides = decoded.splitn(2, |byte| *byte == b'|');
    Some((sides.next()?, sides.next()?))
}

/// Whether the signature, which must be in lower case, is that of the info.
pub(crate) fn verify(secret: &AccountSecret, signature: &[u8], info: &[u8]) -> bool {
    sign(secret, info).as_bytes().ct_eq(signature).into()
}

fn sign(secret: &AccountSecret, info: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(Sha1::new().chain_update(secret.expose()).chain_update(info).finalize()))
}
