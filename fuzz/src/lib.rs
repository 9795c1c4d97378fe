//! Arbitrary input for everything that reads input.
//!
//! Each target is a plain function that panics when something does not hold. cargo-fuzz feeds it from `fuzz_targets/`, a
//! test from the committed corpus. What they return is whether the input was good; in the corpus, names of good inputs
//! begin with `good`.
//!
//! ```sh
//! cargo test --no-default-features                                # every target over its corpus, on stable Rust
//! cargo +nightly fuzz run login -- -max_total_time=120            # one target with what comes to the fuzzer's mind
//! RUSTC_BOOTSTRAP=1 cargo fuzz run login -- -max_total_time=120   # the same where there is no nightly toolchain
//! ```
#![forbid(unsafe_code)]

mod endpoint;
mod fake_request;
mod ks;
mod login;
mod privileges;
mod reply;
mod script;
mod secrets;
mod stored_session;

pub use endpoint::endpoint;
pub use fake_request::fake_request;
pub use ks::{ks_mint, ks_open};
pub use login::login;
pub use privileges::privileges;
pub use reply::reply;
pub use stored_session::stored_session;

/// Takes any input, and tells whether it was good.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 8] = [
    ("endpoint", endpoint),
    ("fake_request", fake_request),
    ("ks_mint", ks_mint),
    ("ks_open", ks_open),
    ("login", login),
    ("privileges", privileges),
    ("reply", reply),
    ("stored_session", stored_session),
];
