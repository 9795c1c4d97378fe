//! The system's keyring, which this build does not include.

use crate::failure::Failure;
use crate::setup::secret::{Secret, SecretKind};

pub(crate) fn read(_: &str, _: SecretKind) -> Result<Secret, Failure> {
    Err(unsupported())
}

fn unsupported() -> Failure {
    Failure::configuration("this build of apptoken cannot use the system's keyring")
        .cure("keep the secret in a file (apptoken config secret), or install with: cargo install apptoken-cli --features keyring")
}
