//! Hashes a text, for the login in the console: browsers have no MD5, and no hashes at all on a page that is neither of
//! this machine nor encrypted.

use apptoken_core::HashType;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Content, ControlError, ControlRequest};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Text {
    hash_type: String,
    /// A session and a token, or what a program with a fault makes of them.
    text: String,
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let Text { hash_type, text } = request.json()?;
    let hash_type: HashType =
        hash_type.parse().map_err(|_| ControlError::new(400, "hashType: expected MD5, SHA1, SHA256 or SHA512"))?;
    let hash = match hash_type {
        HashType::Md5 => hex_digest::<Md5>(&text),
        HashType::Sha1 => hex_digest::<Sha1>(&text),
        HashType::Sha256 => hex_digest::<Sha256>(&text),
        HashType::Sha512 => hex_digest::<Sha512>(&text),
    };
    Ok(Content::Json(json!({ "hash": hash })))
}

fn hex_digest<D: Digest>(text: &str) -> String {
    hex::encode(D::digest(text))
}
