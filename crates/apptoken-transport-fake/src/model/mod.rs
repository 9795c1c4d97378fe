//! The data of the server: accounts, widgets, tokens, users, roles and revoked sessions.

pub(crate) mod account;
pub(crate) mod checked;
pub(crate) mod collation;
pub(crate) mod column;
pub(crate) mod object;
pub(crate) mod revocation;
pub(crate) mod role;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod session_spec;
pub(crate) mod state;
mod table;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod widget;
