//! Flows that administer app tokens and the users and roles that they depend on.

mod audit;
mod handover;
mod provision;
mod resumable;
mod revoke;
mod rotate;
mod token_search;
mod verify;

pub use audit::{Audit, AuditedToken, Finding};
pub use handover::Handover;
pub use provision::{Provision, ProvisionProgress, ServiceExpiry, ServiceRole};
pub use revoke::{Revocation, Revoke};
pub use rotate::{OldToken, PendingRevocation, Rotate, RotateProgress, Rotation};
