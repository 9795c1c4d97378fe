//! Recorded data of a real Kaltura server: HTTP exchanges, test vectors and scenarios, with functions to load them.
//!
//! Everything under `data/` was recorded from Kaltura server Venus-22.19.0. The accounts, secrets, tokens
//! and sessions were created for the recording; none belongs to a live account.
//!
//! | Data | Function | Content |
//! |---|---|---|
//! | `data/vectors/` | [`ks_v1`], [`ks_v2`], [`ks_v2_fields`], [`ks_parse`], [`hash_vectors`], [`session_id_hashes`], [`privileges_parse`], [`privileges_app_session`] | results of functions of the server |
//! | `data/recordings/` | [`recordings`], [`recording`] | HTTP exchanges, byte for byte, with the recorded KS, ids and times |
//! | `data/scenarios/` | [`scenarios`], [`scenario`] | HTTP exchanges with expressions such as `${ks:v2:101}` for bytes that differ in each run |
//! | `data/partners.json` | [`partners`] | the accounts and roles of the scenarios |
//!
//! Every `.jsonl` file has one JSON object per line: first a header that describes the file, then the vectors,
//! exchanges or steps in their order.
//!
//! The functions are for tests. They panic with the name of the file if its data does not have the expected form.

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
