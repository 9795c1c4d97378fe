//! A local Kaltura server for programs in any language, to develop and test sessions and app tokens without the live
//! service.
//!
//! It serves [`apptoken_transport_fake`] over HTTP. The fake checks real token hashes, creates real KS strings and
//! replies as a recorded Kaltura server did. A Rust test starts it with one line:
//!
//! ```
//! use apptoken_emulator::Emulator;
//! use apptoken_transport_fake::Fake;
//!
//! let emulator = Emulator::start(Fake::new())?;
//! println!("point a client at {}", emulator.url());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It is also a program: `cargo run -p apptoken-emulator` prints the settings for a login.
//!
//! | Task | Page |
//! |---|---|
//! | test a program in Python, Node or Rust, run in CI, write a configuration | [`guide`] |
//! | read whole tests: a session that ends, an answer of the test's own, a property | [`examples`] |
//! | set the clock, set answers, inject faults, count requests and reset the state over HTTP | [`control_interface`] |
//! | seed entries, captions and categories; upload; what the store does not imitate | [`content`] |
//! | see how far each action of the API is imitated | [`coverage`] |
//!
//! # HTTP
//!
//! It supports HTTP/1.0 and 1.1 with keep-alive and pipelining, TLS 1.2 and 1.3, and gzip for clients that accept it.
//! Faults happen on the real connection: a reset sends RST, and a reply that is cut off has the `Content-Length` of the
//! whole body. [`Limits`] restrict what a client can send. Beyond them the reply is that of a web server: 400, 408,
//! 413, 414 or 431.
//!
//! # Security
//!
//! It is a test server: never give it secrets of a live account. It listens only on a loopback address, unless
//! [`Options::allow_other_machines`] is set. In that case its secrets are random, unless a seed is set. The control
//! interface can read and change everything. It accepts programs on this machine, others only with the token of
//! [`Options::control_token`], and no web page but the console, which is part of the emulator. With
//! [`Options::allow_other_machines`], the console is served only if [`Options::console`] is set, too.
//!
//! No client can block the others. Small requests are handled on the threads that serve connections. Other requests are
//! handled on worker threads and in steps. The stored data is limited in rows and bytes; the [`guide`] lists the
//! limits.
//!
//! # Features
//!
//! | Feature | Adds |
//! |---|---|
//! | `command` (default) | the module [`command`] and the binary |

mod certificate;
#[cfg(feature = "command")]
pub mod command;
mod console;
mod control;
mod counts;
mod emulator;
mod health;
mod http;
mod limits;
mod owner_file;
mod state_file;

pub use counts::Counts;
pub use emulator::{Emulator, Options};
pub use limits::Limits;

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/examples.md")]
pub mod examples {}

#[doc = include_str!("../docs/control.md")]
pub mod control_interface {}

#[doc = include_str!("../docs/content.md")]
pub mod content {}

#[doc = include_str!("../docs/coverage.md")]
pub mod coverage {}
