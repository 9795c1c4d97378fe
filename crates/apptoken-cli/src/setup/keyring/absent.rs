//! A build without the keyring.

use crate::failure::Failure;
use crate::setup::secret::{Secret, SecretKind};

pub(crate) fn read(_: &str, _: SecretKind) -> Result<Secret, Failure> {
    Err(unsupported())
}

pub(crate) fn write(_: &str, _: SecretKind, _: &str) -> Result<(), Failure> {
    Err(unsupported())
}

pub(crate) fn delete(_: &str, _: SecretKind) -> Result<(), Failure> {
    Err(unsupported())
}

fn unsupported() -> Failure {
    Failure::configuration("this build of apptoken cannot use the system's keyring").cure(
        "keep the secret in a file (leave out --keyring), or on Linux: cargo install apptoken-cli --features keyring",
    )
}
