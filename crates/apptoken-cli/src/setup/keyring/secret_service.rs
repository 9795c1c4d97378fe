//! The Secret Service of Linux desktops (GNOME Keyring, KWallet), over D-Bus.

use std::sync::Arc;

use dbus_secret_service_keyring_store::Store;
use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::setup::secret::{Secret, SecretKind};

/// The name under which the secrets are kept.
const SERVICE: &str = "apptoken";

pub(crate) fn read(profile: &str, kind: SecretKind) -> Result<Secret, Failure> {
    entry(profile, kind).and_then(|entry| entry.get_password()).map(Zeroizing::new).map_err(|error| failed(&error))
}

pub(crate) fn write(profile: &str, kind: SecretKind, secret: &str) -> Result<(), Failure> {
    entry(profile, kind).and_then(|entry| entry.set_password(secret)).map_err(|error| failed(&error))
}

pub(crate) fn delete(profile: &str, kind: SecretKind) -> Result<(), Failure> {
    match entry(profile, kind).and_then(|entry| entry.delete_credential()) {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn entry(profile: &str, kind: SecretKind) -> Result<Entry, Error> {
    let store: Arc<CredentialStore> = Store::new()?;
    Entry::new_in_store(&store, SERVICE, &format!("{profile}.{}", kind.name()))
}

/// The messages of the store contain no secret.
fn failed(error: &Error) -> Failure {
    Failure::configuration(format!("the system's keyring cannot be used: {error}"))
        .likely("there is no desktop session, or its keyring is locked")
        .cure("unlock it, or keep the secret in a file: apptoken config secret, without --keyring")
}
