//! Arbitrary input for everything that reads input.
//!
//! Each target is a function that panics if an invariant is broken. cargo-fuzz calls it through `fuzz_targets/`, a test calls
//! it with the committed corpus. It returns whether the input is valid; in the corpus, the names of valid inputs start with
//! `good`.
//!
//! ```sh
//! cargo test --no-default-features                                # every target over its corpus, on stable Rust
//! cargo +nightly fuzz run login -- -max_total_time=120            # one target with generated input
//! RUSTC_BOOTSTRAP=1 cargo fuzz run login -- -max_total_time=120   # the same where there is no nightly toolchain
//! ```
#![forbid(unsafe_code)]

mod endpoint;
mod fake_answer;
mod fake_request;
mod ks;
mod login;
mod privileges;
mod reply;
mod script;
mod secrets;
mod stored_session;

pub use endpoint::endpoint;
pub use fake_answer::fake_answer;
pub use fake_request::fake_request;
pub use ks::{ks_mint, ks_open};
pub use login::login;
pub use privileges::privileges;
pub use reply::reply;
pub use stored_session::stored_session;

/// A target: takes any input, and returns whether it is valid.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 9] = [
    ("endpoint", endpoint),
    ("fake_answer", fake_answer),
    ("fake_request", fake_request),
    ("ks_mint", ks_mint),
    ("ks_open", ks_open),
    ("login", login),
    ("privileges", privileges),
    ("reply", reply),
    ("stored_session", stored_session),
];
