//! Runs the examples in the READMEs of the published crates, as documentation tests.
#![cfg(doctest)]

#[doc = include_str!("../crates/apptoken/README.md")]
struct Apptoken;

#[doc = include_str!("../crates/apptoken-cli/README.md")]
struct CommandLine;

#[doc = include_str!("../crates/apptoken-core/README.md")]
struct Core;

#[doc = include_str!("../crates/apptoken-emulator/README.md")]
struct Emulator;

#[doc = include_str!("../crates/apptoken-ks/README.md")]
struct Ks;

#[doc = include_str!("../crates/apptoken-store-conformance/README.md")]
struct StoreConformance;

#[doc = include_str!("../crates/apptoken-store-redis/README.md")]
struct StoreRedis;

#[doc = include_str!("../crates/apptoken-transport-conformance/README.md")]
struct Conformance;

#[doc = include_str!("../crates/apptoken-transport-fake/README.md")]
struct Fake;

#[doc = include_str!("../crates/apptoken-transport-ureq/README.md")]
struct Ureq;
