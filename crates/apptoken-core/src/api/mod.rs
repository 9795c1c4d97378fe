//! Kaltura's actions, grouped by service; each file names the server's source file and the recording that it follows.

pub mod app_token;
pub(crate) mod list;
pub mod session;
pub mod system;
pub mod user;
pub mod user_role;

pub use list::{ListAction, Page, Pager};
