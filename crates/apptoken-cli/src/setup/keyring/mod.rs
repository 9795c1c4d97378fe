//! The system's keyring. If it cannot be used, the command fails: a secret must not go to another place than asked.

#[cfg(not(all(feature = "keyring", target_os = "linux")))]
mod absent;
#[cfg(all(feature = "keyring", target_os = "linux"))]
mod secret_service;

#[cfg(not(all(feature = "keyring", target_os = "linux")))]
pub(crate) use absent::{delete, read, write};
#[cfg(all(feature = "keyring", target_os = "linux"))]
pub(crate) use secret_service::{delete, read, write};
