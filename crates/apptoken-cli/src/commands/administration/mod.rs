//! Commands that change the account: tokens, users, roles.

mod handover;
pub(crate) mod provision;
pub(crate) mod role;
pub(crate) mod token;
pub(crate) mod user;

use apptoken::{UnixSeconds, value::Change};

use crate::show::time;

/// A time and how far away it is; `never` if there is none.
fn when(time: Option<UnixSeconds>) -> String {
    time.map_or_else(|| "never".to_owned(), |at| format!("{}, {}", time::local(at), at.relative_to(time::now())))
}

/// A field of an update: unchanged if the option is not given.
fn change<T>(given: Option<T>) -> Change<T> {
    given.map_or(Change::Keep, Change::Set)
}
