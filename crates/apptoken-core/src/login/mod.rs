//! Logins with an app token, and the renewal and storage of their sessions.

pub(crate) mod credential;
pub(crate) mod many;
pub mod renewal;
pub(crate) mod session;
pub(crate) mod single;
pub mod store;
pub(crate) mod widget;

pub use credential::Credential;
pub use many::{LoginMany, ManySessions};
pub use session::{Changes, Grant, Session, ShortenedLifetime};
pub use single::Login;
pub use widget::WidgetSession;
