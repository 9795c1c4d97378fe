use alloc::string::String;
use core::fmt::Display;

use sha1::{Digest as _, Sha1};

/// The key under which Kaltura revokes all sessions with the same `sessionid` privilege: a SHA-1 digest in lower-case hex.
///
/// The sessions of an app token have the token's id there, so ending one of them revokes all
/// (`alpha/lib/model/invalidSessionPeer.php`).
///
/// # Examples
///
/// ```
/// let hash = apptoken_ks::session_id_hash(1_234_567, "1_ab12cd34");
/// assert_eq!(hash, "d46e5e9f3dfa67657986270b4bda7eee76a4ddf5");
/// ```
#[must_use]
pub fn session_id_hash(partner_id: impl Display, session_id: &str) -> String {
    hex::encode(Sha1::digest(alloc::format!("{partner_id}_{session_id}")))
}
