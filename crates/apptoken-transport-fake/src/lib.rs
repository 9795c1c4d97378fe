//! Kaltura in memory: a working model of the server, for tests of sessions and application tokens.
//!
//! [`Fake`] is an account system that answers as a Kaltura server (release Venus-22.19.0) was seen to answer: the order of
//! its checks, its error texts, the types in its JSON, and its quirks. It makes real KS strings, checks real hashes and
//! knows who may call what. It is a [`Transport`](apptoken_core::Transport), so that a client can be tested without a
//! network, and a function from requests to replies ([`Fake::handle`]), so that a server can carry it.
//!
//! - **Time** is a [`FakeClock`] that a test moves: sessions and tokens end when it says so.
//! - **Chance** comes from a seed: the same calls give the same answers, byte for byte.
//! - **FaultKind** is a [`Fault`]: for the n-th call of an action, before or after the server acted.
//! - **What happened** is in the [`Journal`], which counts calls and holds no secrets.
//! - **Any client** can be let in: work grows with the size of a request, long ones are answered in steps between which
//!   other threads have their turn, what clients store is bounded in rows and bytes, and a snapshot is checked before it
//!   is taken.
//!
//! # Examples
//!
//! A request by hand:
//!
//! ```
//! use apptoken_transport_fake::{DeliveryKind, Fake, WireRequest};
//!
//! let fake = Fake::new();
//! let request = WireRequest {
//!     method: "POST".into(),
//!     target: "/api_v3/service/session/action/startWidgetSession?format=1".into(),
//!     headers: vec![("Content-Type".into(), "application/json".into())],
//!     body: br#"{"widgetId": "_101"}"#.to_vec(),
//! };
//! let DeliveryKind::Reply(reply) = fake.handle(&request).kind else { panic!("no fault was injected") };
//! assert!(reply.body.starts_with(br#"{"partnerId":101,"ks":""#));
//! ```

mod actions;
mod builder;
mod cache;
mod clock;
mod config;
mod config_error;
mod context;
mod dispatch;
mod error;
mod fake;
mod fault;
mod global_roles;
mod journal;
mod model;
mod multirequest;
mod objects;
mod output;
mod permissions;
mod php;
mod request_info;
mod server;
mod session_check;
mod test_access;
mod transport;
mod wire;

pub use builder::Builder;
pub use clock::FakeClock;
pub use config_error::ConfigError;
pub use fake::{Fake, SnapshotError};
pub use fault::{Fault, FaultId, FaultKind};
pub use journal::{Journal, JournalEntry};
pub use model::account::{Account, PartnerStatus};
pub use model::token::{Token, TokenSpec, TokenStatus};
pub use model::widget::Widget;
pub use wire::reply::{Delivery, DeliveryKind, WireReply};
pub use wire::request::{ParsedRequest, WireRequest};
