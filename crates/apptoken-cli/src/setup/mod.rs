//! Where settings and secrets come from, and the clients that are made of them.

pub(crate) mod connect;
pub(crate) mod folders;
pub(crate) mod keyring;
pub(crate) mod profile;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod store;
