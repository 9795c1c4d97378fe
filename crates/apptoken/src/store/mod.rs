//! Stores, which share sessions between providers and processes.
//!
//! [`MemoryStore`] is for several providers in one process, [`FileStore`] for several processes of one user on one machine.
//! The crate `apptoken-store-redis` has one for several machines. Implement [`SessionStore`] for another database, and test it with
//! `apptoken-store-conformance`.

mod file;
mod key_locks;
mod memory;

pub use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
pub use file::FileStore;
pub use memory::MemoryStore;
