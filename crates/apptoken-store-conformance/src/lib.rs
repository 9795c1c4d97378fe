//! Conformance checks for implementations of [`SessionStore`].
//!
//! [`check`] opens the store several times, as several processes would, and uses it from several threads. Each check has keys of
//! its own. No check sleeps.
//!
//! # Examples
//!
//! ```
//! use apptoken::store::MemoryStore;
//! use apptoken_store_conformance::check;
//!
//! let store = MemoryStore::new();
//! check(|| store.clone()).assert_passed();
//! ```
//!
//! # What no check can see
//!
//! A store must do this too; test it with the means of its engine:
//!
//! - limit every operation, also where its server hangs or answers slowly;
//! - release the lock of a process that was killed, within seconds, and let a holder keep it for a login of any length;
//! - not let a holder that lost its lock replace a session of a renewal that began later;
//! - keep records from other users of the machine or the engine;
//! - work in the child of a fork.

mod expect;
mod list;
mod locks;
mod records;
mod report;

use apptoken_core::login::store::SessionStore;

pub use crate::report::Report;

/// Runs all checks. `open` returns a store over the same data each time.
pub fn check<S: SessionStore + Send + Sync>(open: impl Fn() -> S) -> Report {
    let open: &dyn Fn() -> Box<dyn SessionStore + Send + Sync> = &|| Box::new(open());
    list::CHECKS.iter().map(|check| (check.name, (check.run)(open, check.name))).collect()
}

#[cfg(test)]
mod tests;
