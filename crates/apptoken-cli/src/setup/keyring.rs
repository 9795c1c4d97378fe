//! The system's keyring, which this build does not include. It fails: a secret must not go to another place than asked.

use super::secret::{Secret, SecretKind};
use crate::failure::Failure;

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
    Failure::configuration("this build of apptoken cannot use the system's keyring")
        .cure("keep the secret in a file (leave out --keyring), or: cargo install apptoken-cli --features keyring")
}
