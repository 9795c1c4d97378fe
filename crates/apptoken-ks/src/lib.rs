//! Kaltura Session (KS) strings for who holds the account's secret: verify, decrypt and mint, V1 and V2.
//!
//! A KS states who its bearer is and what he may do, sealed with the account's admin secret: signed and readable in
//! V1, encrypted in V2. With an app token none of this is needed, since the server mints the KS. This crate is for
//! programs that hold the secret themselves, and for servers that stand in for Kaltura in tests.
//!
//! - [`open`] reads a KS string as the server does: either base64 alphabet, white space, missing padding, several
//!   secrets per account, and PHP's way with query strings.
//! - [`mint_v1`] and [`mint_v2`] give the very string that the server gives for the same fields and random part.
//!
//! Nothing here reads a clock or makes random numbers: both are arguments.
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

mod loose;
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
