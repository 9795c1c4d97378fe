//! The service `session`.

pub(crate) mod end;
pub(crate) mod fast_path;
pub(crate) mod get;
pub(crate) mod impersonate;

pub(crate) mod start;
pub(crate) mod start_widget_session;
