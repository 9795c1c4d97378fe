//! The actions of the service `user` that concern the user behind an app token, and `KalturaUser` itself.
//!
//! There is no `user.register` and no `user.addRole`, which one of the vendor's documents names: [`Add`] creates a user,
//! with roles if wanted, and [`Update`] sets the roles of one that is there.

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
