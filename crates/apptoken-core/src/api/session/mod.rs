//! The actions of the service `session`, which start, describe and end sessions.

mod end;
mod get;
mod impersonate;
mod start;
mod start_widget_session;

pub use end::End;
pub use get::{Get, SessionInfo};
pub use impersonate::Impersonate;
pub use start::Start;
pub use start_widget_session::{StartWidgetSession, StartedWidgetSession};
