//! Commands that change the account: tokens, users, roles.

mod handover;
pub(crate) mod provision;
pub(crate) mod role;
pub(crate) mod token;
pub(crate) mod user;

use apptoken::{ListProgress, UnixSeconds, value::Change};

use crate::console::Console;
use crate::show::time;

/// A time and how far away it is; `never` if there is none.
fn when(time: Option<UnixSeconds>) -> String {
    time.map_or_else(|| "never".to_owned(), |at| format!("{}, {}", time::local(at), at.relative_to(time::now())))
}

/// A field of an update: unchanged if the option is not given.
fn change<T>(given: Option<T>) -> Change<T> {
    given.map_or(Change::Keep, Change::Set)
}

/// Shows how much of a list has been read, on a terminal.
fn progress_of(console: &Console, objects: &'static str) -> impl Fn(ListProgress) + Send + Sync + 'static {
    let console = *console;
    move |progress| console.progress(&format!("{} of {} {objects}", count(progress.read), count(progress.total)))
}

/// With a comma before each three digits.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_numbers_have_commas() {
        let numbers = [0, 999, 1200, 10_000, 1_234_567].map(count);
        assert_eq!(numbers, ["0", "999", "1,200", "10,000", "1,234,567"]);
    }
}
