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
//! client can send; beyond them it answers as a web server does, with 400, 408, 413, 414 or 431.
//!
//! # Security
//!
//! It is a test server: nothing that it holds should come from a live account. It listens on this machine only, unless
//! [`Options::allow_other_machines`] consents to more; then its secrets come from the operating system, unless a seed was
//! asked for. The control interface reads and changes everything, and answers only programs on this machine, never a web
//! page.
//!
//! No client can stop the others. Small requests are answered on the serving thread, all others on worker threads and in
//! steps; what is kept is bounded in rows and bytes. The [`guide`] lists the limits.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `command` (default) | [`command`], the command line, and the binary |

mod certificate;
#[cfg(feature = "command")]
pub mod command;
mod control;
mod counts;
mod emulator;
mod http;
mod limits;
mod state_file;

pub use counts::Counts;
pub use emulator::{Emulator, Options};
pub use limits::Limits;

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/control.md")]
pub mod control_interface {}
