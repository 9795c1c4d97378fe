//! The actions of the service `session`.

mod start_widget_session;

pub use start_widget_session::{StartWidgetSession, StartedWidgetSession};
