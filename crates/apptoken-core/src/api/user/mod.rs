//! The actions of the service `user` that concern the user of an app token, and the object `KalturaUser`.
//!
//! The actions `user.register` and `user.addRole`, which one of Kaltura's documents names, do not exist: [`Add`] creates a
//! user, optionally with roles, and [`Update`] sets the roles of an existing user.

mod add;
mod delete;
mod get;
mod object;
mod update;

pub use add::{Add, NewUser};
pub use delete::Delete;
pub use get::Get;
pub(crate) use object::check_id;
pub use object::{User, UserStatus};
pub use update::{Update, UserChanges};
