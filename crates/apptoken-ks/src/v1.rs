//! A decoded KS V1: `sha1(secret + info)` in hex, a `|`, and the readable info.

use alloc::format;
use alloc::string::String;

use apptoken_core::AccountSecret;
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Writes the signature, a `|` and the info.
pub(crate) fn sign_info(secret: &AccountSecret, info: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{}|{info}", signature_of(secret, info.as_bytes()).as_str()))
}

/// The signature and the info, not verified; `None` without a `|`.
pub(crate) fn split(decoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut sides = decoded.splitn(2, |byte| *byte == b'|');
    Some((sides.next()?, sides.next()?))
}

/// Whether the signature is that of the info. It must be in lower case, because the server compares the text.
pub(crate) fn verify(secret: &AccountSecret, signature: &[u8], info: &[u8]) -> bool {
    signature_of(secret, info).as_bytes().ct_eq(signature).into()
}

fn signature_of(secret: &AccountSecret, info: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(Sha1::new().chain_update(secret.expose()).chain_update(info).finalize()))
}
