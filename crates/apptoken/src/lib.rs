//! Log in to Kaltura with an application token, blocking, from any program.
//!
//! | To | use |
//! |---|---|
//! | get one session | [`Client`] |
//! | always have a valid session in a long-running program | [`Provider`] |
//! | create, rotate, revoke and audit tokens | [`Admin`] |
//! | choose the proxy, certificates, timeouts, retries or HTTP client of these | [`Builder`] |
//! | test a program offline | the crate `apptoken-transport-fake` |
//! | run it: settings, alerts, timeouts, containers | [operations] |
//! | come from another client | [migration] |
//!
//! This crate re-exports all of [`apptoken_core`], the protocol without I/O, whose documentation has the
//! [table of errors](apptoken_core#errors).
//!
//! ```no_run
//! # #[cfg(feature = "ureq")] {
//! let client = apptoken::Client::from_env()?;
//! let session = client.login()?;
//! let me = client.call(session.ks(), apptoken::api::user::Get::default())?;
//! println!("logged in as {:?} until {}", me.id, session.expires_at());
//! # }
//! # Ok::<(), apptoken::Error>(())
//! ```
//!
//! # Features
//!
//! A feature only adds API.
//!
//! | feature | adds |
//! |---|---|
//! | `ureq` (default) | [`UreqTransport`], and the constructors and settings that use it |
//! | `account-secret` | `Authority::Secret`: an [`Admin`] that signs its sessions with the account's secret |
//! | `http` | [`http`](mod@http): conversions to and from the request and response of the `http` crate |
//! | `tracing` | `TracingObserver`, which reports a provider's events to `tracing` |

mod administration;
mod builder;
mod client;
mod clock;
mod config;
mod events;
#[cfg(feature = "http")]
pub mod http;
mod link;
mod provider;
mod source;
pub mod store;
mod sync;

pub use apptoken_core::*;
#[cfg(feature = "ureq")]
pub use apptoken_transport_ureq::{UreqTransport, UreqTransportBuilder};

pub use administration::{Admin, Authority};
pub use builder::Builder;
pub use client::Client;
pub use clock::{SystemClock, system_time, unix_seconds};
pub use config::{Config, Setting};
#[cfg(feature = "tracing")]
pub use events::TracingObserver;
pub use events::{Event, Observer, Origin};
pub use provider::{LeasedSession, Provider, ProviderBuilder, Refresher, UserSession};
pub use source::{CredentialSource, EnvSource, FileSource, FnSource, SourceWarning, WithExpiry};

#[cfg(feature = "ureq")]
#[doc = include_str!("../docs/operations.md")]
pub mod operations {}

#[cfg(feature = "ureq")]
#[doc = include_str!("../docs/migration.md")]
pub mod migration {}
