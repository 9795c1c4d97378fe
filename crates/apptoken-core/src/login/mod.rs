//! From an app token to a session, and keeping one alive.

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
