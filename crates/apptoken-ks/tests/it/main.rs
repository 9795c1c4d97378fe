//! Tests of KS strings, with the results of a real server and with malformed input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod opening;
mod properties;
mod published;
mod recorded;

use apptoken_core::{AccountSecret, PartnerId, SessionType, UnixSeconds};
use apptoken_ks::KsFields;

fn secret(text: &str) -> AccountSecret {
    AccountSecret::parse(text).unwrap()
}

fn fields(partner_id: u32) -> KsFields<'static> {
    KsFields::new(PartnerId::new(partner_id).unwrap(), SessionType::User, UnixSeconds(1_893_456_000))
}
