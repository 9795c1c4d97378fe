//! The actions of the service `appToken`, and the object `KalturaAppToken`.

mod add;
mod delete;
mod get;
mod list;
mod object;
mod start_session;
mod update;

pub use add::{Add, NewAppToken};
pub use delete::Delete;
pub use get::Get;
pub use list::{AppTokenFilter, AppTokenOrder, List};
pub use object::{AppToken, AppTokenStatus};
pub use start_session::{SessionOptions, StartSession, StartedSession};
pub use update::{AppTokenChanges, Update};

pub use crate::value::lifetime::TokenExpiry;
