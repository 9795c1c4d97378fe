use apptoken_core::{AppTokenSecret, HashType, Ks};
use ring::digest;

use crate::script::split_once;

/// The hash of a KS and of a token's value, each in a line: the same as that of other implementations, in each hash type.
///
/// Valid is a hash that could be computed.
pub fn token_hash(input: &[u8]) -> bool {
    let (ks, secret) = split_once(input, b"\n");
    let (Ok(ks), Ok(secret)) = (std::str::from_utf8(ks), std::str::from_utf8(secret)) else { return false };
    let (Ok(ks), Ok(secret)) = (Ks::parse(ks), AppTokenSecret::parse(secret)) else { return false };
    let hashed = format!("{}{}", ks.expose(), secret.expose());
    let by_ring = |algorithm| hex(digest::digest(algorithm, hashed.as_bytes()).as_ref());
    let expected = [
        (HashType::Md5, format!("{:x}", md5::compute(&hashed))),
        (HashType::Sha1, by_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
        (HashType::Sha256, by_ring(&digest::SHA256)),
        (HashType::Sha512, by_ring(&digest::SHA512)),
    ];
    for (hash_type, expected) in expected {
        let hash = hash_type.token_hash(&ks, &secret);
        assert_eq!(hash.expose(), expected, "{hash_type}");
        assert!(!format!("{hash:?}").contains(&expected), "the hash is shown");
    }
    true
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
