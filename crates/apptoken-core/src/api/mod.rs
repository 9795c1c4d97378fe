//! Kaltura's actions, one file each, by service.

pub mod app_token;
pub(crate) mod list;
pub mod session;
pub mod user;
pub mod user_role;

pub use list::{ListAction, Page, Pager};
