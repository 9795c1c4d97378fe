use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use zeroize::Zeroize as _;

/// Bytes that contain secrets, wiped when dropped.
///
/// `Zeroizing<Vec<u8>>` would write each byte on its own (zeroize 1.9). For a login that took 3 % of the time without the
/// network, and a body can be a piece of an upload.
#[derive(Clone)]
pub(crate) struct WipedBytes(Vec<u8>);

impl WipedBytes {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }
}

impl From<Vec<u8>> for WipedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for WipedBytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for WipedBytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for WipedBytes {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.spare_capacity_mut().zeroize();
    }
}
