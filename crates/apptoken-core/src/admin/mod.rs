//! The administration of app tokens and of the users and roles behind them.

mod audit;
mod hand_over;
mod plan;
mod provision;
mod revoke;
mod rotate;
mod token_search;
mod verify;

pub use audit::{Audit, AuditedToken, Finding};
pub use hand_over::HandOver;
pub use provision::{Provision, ProvisionProgress, ServiceRole};
pub use revoke::{Revoke, Revoked};
pub use rotate::{OldToken, Rotate, RotateProgress, Rotated};
