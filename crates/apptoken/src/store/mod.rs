//! Where sessions are kept beyond one provider or one process.
//!
//! [`MemoryStore`] is for several providers of one process, [`FileStore`] for several processes of one user of a machine.
//! Implement [`SessionStore`] for what several machines share.

mod file;
mod holders;
mod memory;

pub use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
pub use file::FileStore;
pub use memory::MemoryStore;
