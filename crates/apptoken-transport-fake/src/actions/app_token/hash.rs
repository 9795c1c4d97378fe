use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

/// The hash that a request must send: of the KS as it was sent, followed by the token value, in lower-case hex. `None`
/// for an unknown hash type.
pub(crate) fn token_hash(hash_type: &str, ks: &str, token: &str) -> Option<String> {
    fn hex<D: Digest>(ks: &str, token: &str) -> String {
        let mut digest = D::new();
        digest.update(ks);
        digest.update(token);
        hex::encode(digest.finalize())
    }
    match hash_type {
        "MD5" => Some(hex::<Md5>(ks, token)),
        "SHA1" => Some(hex::<Sha1>(ks, token)),
        "SHA256" => Some(hex::<Sha256>(ks, token)),
        "SHA512" => Some(hex::<Sha512>(ks, token)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::token_hash;

    #[test]
    fn token_hashes_equal_those_of_the_server() {
        let vectors = apptoken_golden::hash_vectors();
        assert!(vectors.len() >= 50);
        for vector in vectors {
            assert_eq!(token_hash(&vector.hash_type, &vector.ks, &vector.token), Some(vector.hash));
        }
    }
}
