//! A local Kaltura over HTTP, for programs in any language: develop and test everything around sessions and application
//! tokens without the live service.
//!
//! It is the model of [`apptoken_transport_fake`], which checks real hashes, makes real KS strings and answers as a
//! Kaltura server was seen to answer, carried over HTTP. In a Rust test it is one line:
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
//! For everything else it is a program, `cargo run -p apptoken-emulator`, which prints what to set to log in:
//!
//! | To | read |
//! |---|---|
//! | test a program in Python, Node or Rust; use it in CI; write a config | [`guide`] |
//! | move the clock, inject faults, count requests and reset state over HTTP | [`control_interface`] |
//!
//! # What it carries
//!
//! HTTP/1.0 and 1.1 with keep-alive and pipelining, plain or TLS 1.2 and 1.3, gzip for clients that accept it. Faults of
//! the fake happen at the socket: a reset is a reset, a cut reply promises its whole length. [`Limits`] bound what a
//! client can cost; beyond them it answers as a web server does, with 400, 408, 413, 414 or 431.
//!
//! # Security
//!
//! It guards nothing: whoever reaches its port opens sessions and reads tokens. So it listens on this machine only, unless
//! it is told otherwise in as many words, and nothing that it holds should come from a live account.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `command` (default) | [`command`], the command line, and the binary |

mod carry;
mod certificate;
#[cfg(feature = "command")]
pub mod command;
mod control;
mod counts;
mod emulator;
mod limits;
mod state_file;

pub use counts::Counts;
pub use emulator::{Emulator, Options};
pub use limits::Limits;

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/control.md")]
pub mod control_interface {}
