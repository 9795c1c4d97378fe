//! The service `session`.

pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod impersonate;
pub(crate) mod shortcut;
pub(crate) mod start;
pub(crate) mod start_widget_session;
