//! The service `system`.

pub(crate) mod get_time;
pub(crate) mod get_version;
pub(crate) mod ping;
