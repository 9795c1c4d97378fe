//! What a real Kaltura server said: recorded exchanges, test vectors and scenarios, with their loader.
//!
//! Everything under `data/` was recorded from Kaltura server Venus-22.19.0. The accounts, secrets, tokens
//! and sessions in it were made for the recording; none belongs to a live account.
//!
//! | Data | Function | What it is |
//! |---|---|---|
//! | `data/vectors/` | [`ks_v1`], [`ks_v2`], [`ks_v2_fields`], [`ks_parse`], [`hash_vectors`], [`session_id_hashes`], [`privileges_parse`], [`privileges_app_session`] | results of the server's own functions |
//! | `data/recordings/` | [`recordings`], [`recording`] | HTTP exchanges byte for byte, with literal KS, ids and times |
//! | `data/scenarios/` | [`scenarios`], [`scenario`] | exchanges with expressions such as `${ks:v2:101}` where the bytes differ from run to run |
//! | `data/partners.json` | [`partners`] | the accounts and roles that the scenarios rely on |
//!
//! Every `.jsonl` file is one JSON object per line: first a header that tells what the file is about, then
//! the vectors, exchanges or steps in their order.
//!
//! The loader is for tests: data that does not have the expected shape panics with the name of the file.

mod file;
mod ks_vectors;
mod recordings;
mod scenarios;
mod vectors;

pub use ks_vectors::{
    KsFieldsVector, KsInput, KsParseVector, KsVector, ParsedKs, ValidKs, ks_parse, ks_v1, ks_v2, ks_v2_fields,
};
pub use recordings::{RecordedExchange, RecordedRequest, RecordedResponse, Recording, recording, recordings};
pub use scenarios::{Scenario, partners, scenario, scenarios};
pub use vectors::{
    AppSessionRules, AppSessionVector, HashVector, ParsedPrivilege, PrivilegesVector, SessionIdHashVector,
    hash_vectors, privileges_app_session, privileges_parse, session_id_hashes,
};
