//! Kaltura Session (KS) strings, V1 and V2, for programs that hold the account's secret: verify, decrypt and mint.
//!
//! A KS contains the user and the privileges of a session, protected with the account's admin secret: signed but readable
//! in V1, encrypted in V2. A program with an app token does not need this crate, because the server mints its KS. The
//! crate is for programs that hold the secret themselves, and for servers that replace Kaltura in tests.
//!
//! - [`open`] reads a KS string as the server does: either base64 alphabet, whitespace, missing padding, several secrets
//!   per account, and PHP's rules for query strings.
//! - [`mint_v1`] and [`mint_v2`] return exactly the string that the server creates from the same fields and random part.
//!
//! The crate does not read a clock or generate random numbers: both are arguments.
//!
//! # Examples
//!
//! ```
//! use apptoken_core::{AccountSecret, PartnerId, SessionType, UnixSeconds};
//! use apptoken_ks::{KsFields, mint_v2, open};
//!
//! let secret = AccountSecret::parse("0123456789abcdef0123456789abcdef")?;
//! let fields = KsFields {
//!     user_id: Some("alice@example.com"),
//!     privileges: "list:*,setrole:42",
//!     ..KsFields::new(PartnerId::new(1_234_567)?, SessionType::User, UnixSeconds(1_893_456_000))
//! };
//! let ks = mint_v2(&secret, &fields, [7; 16]); // 16 random bytes; use real ones
//!
//! let opened = open(ks.expose(), |partner_id| (partner_id == "1234567").then_some(&secret))?;
//! assert_eq!(opened.user_id.as_deref(), Some("alice@example.com"));
//! assert_eq!(opened.privilege("setrole"), Some(&["42".to_string()][..]));
//! assert!(!opened.is_expired(UnixSeconds(1_800_000_000)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

mod loose_comparison;
mod mint;
mod open;
mod opened;
mod query;
mod session_id;
mod v1;
mod v2;

pub use apptoken_core::value::KsVersion;
pub use mint::{KsFields, mint_v1, mint_v2};
pub use open::{OpenError, open};
pub use opened::OpenedKs;
pub use session_id::session_id_hash;
