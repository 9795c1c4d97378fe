//! Stores, which share sessions between providers and processes.
//!
//! [`MemoryStore`] is for several providers in one process, [`FileStore`] for several processes of one user on one machine.
//! Implement [`SessionStore`] for several machines, for instance over a database.

mod file;
mod key_locks;
mod memory;

pub use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
pub use file::FileStore;
pub use memory::MemoryStore;
