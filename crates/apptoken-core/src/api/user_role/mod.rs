//! The actions of the service `userRole`, and the object `KalturaUserRole`.
//!
//! A session gets a role from the privilege `setrole` of its app token, or from the roles of its user. Every role for
//! sessions of app tokens should include `BASE_USER_SESSION_PERMISSION`.

mod add;
mod clone;
mod delete;
mod get;
mod list;
mod object;
mod update;

pub use add::{Add, NewUserRole};
pub use clone::CloneRole;
pub use delete::Delete;
pub use get::Get;
pub use list::{List, UserRoleFilter, UserRoleOrder};
pub use object::{UserRole, UserRoleStatus};
pub use update::{Update, UserRoleChanges};
