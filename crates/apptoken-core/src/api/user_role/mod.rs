//! The actions of the service `userRole`, and `KalturaUserRole` itself.
//!
//! A session gets a role by the privilege `setrole` of its app token, or by the roles of its user. Any role of a session
//! that logs in with app tokens should hold `BASE_USER_SESSION_PERMISSION`.

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
