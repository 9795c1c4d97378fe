//! Arbitrary input for everything that reads input.
//!
//! Each target is a function that panics if an invariant is broken. cargo-fuzz calls it through `fuzz_targets/`, a test calls
//! it with the committed inputs. It returns whether the input is valid. `corpus/` has inputs with names that say what they are;
//! those of valid inputs start with `good`. `found/` has the inputs that campaigns found, with the hash as their name.
//!
//! ```sh
//! cargo test --no-default-features                                # every target over its corpus, on stable Rust
//! cargo +nightly fuzz run login -- -max_total_time=120            # one target with generated input
//! RUSTC_BOOTSTRAP=1 cargo fuzz run login -- -max_total_time=120   # the same where there is no nightly toolchain
//! ./campaign 300                                                  # each target for five minutes, and what it found
//! ```
#![forbid(unsafe_code)]

mod administration;
mod endpoint;
mod fake_answer;
mod fake_objects;
mod fake_request;
mod fake_upload;
mod form;
mod ks;
mod login;
mod privileges;
mod reply;
mod script;
mod secrets;
mod stored_session;
mod token_hash;

pub use administration::administration;
pub use endpoint::endpoint;
pub use fake_answer::fake_answer;
pub use fake_objects::fake_objects;
pub use fake_request::fake_request;
pub use fake_upload::fake_upload;
pub use form::form;
pub use ks::{ks_mint, ks_open};
pub use login::login;
pub use privileges::privileges;
pub use reply::reply;
pub use stored_session::stored_session;
pub use token_hash::token_hash;

/// A target: takes any input, and returns whether it is valid.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 14] = [
    ("administration", administration),
    ("endpoint", endpoint),
    ("fake_answer", fake_answer),
    ("fake_objects", fake_objects),
    ("fake_request", fake_request),
    ("fake_upload", fake_upload),
    ("form", form),
    ("ks_mint", ks_mint),
    ("ks_open", ks_open),
    ("login", login),
    ("privileges", privileges),
    ("reply", reply),
    ("stored_session", stored_session),
    ("token_hash", token_hash),
];
