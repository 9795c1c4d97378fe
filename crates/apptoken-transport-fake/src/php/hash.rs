use md5::{Digest as _, Md5};

/// PHP's `md5`.
pub(crate) fn md5(data: impl AsRef<[u8]>) -> String {
    hex::encode(Md5::digest(data))
}
