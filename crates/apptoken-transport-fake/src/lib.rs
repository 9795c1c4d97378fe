//! An in-memory Kaltura server for tests of sessions and application tokens.
//!
//! [`Fake`] replies as a Kaltura server of release Venus-22.19.0 did when its replies were recorded: the same order of
//! checks, error texts, JSON types and quirks. It creates real KS strings, checks real token hashes and enforces
//! permissions. It is a [`Transport`](apptoken_core::Transport), so a client can be tested without a network, and a
//! function from requests to replies ([`Fake::handle`]), so an HTTP server can use it.
//!
//! - **Time** comes from a [`FakeClock`] that the test controls: sessions and tokens expire when the test moves it.
//! - **Random values** come from a seed: the same calls give the same replies, byte for byte.
//! - **Every service and action** of the API is known. A call is checked as by the server: arguments, session, permission,
//!   features of the account. If it passes and the fake has no model of the action, the reply is what a server without
//!   objects gives (an empty list, a count of 0, the error for an unknown id), or else the error `EMULATOR_NO_ANSWER`, which
//!   Kaltura does not have. [`Fake::coverage`] lists which it is.
//! - **Content** is stored: entries, categories, captions, flavor assets, playlists and upload tokens, which a program adds or
//!   a test seeds with [`Fake::add_object`].
//! - **Answers of a test's own** with [`Fake::answer`], to actions that the fake does not model.
//! - **Faults** are injected with [`Fault`]: for the n-th call of an action, before or after the server acts.
//! - **Requests** are recorded in the [`Journal`], which counts calls and holds no secrets.
//! - **Hostile clients** cannot block others: work is proportional to the size of a request, a large request is
//!   processed in steps with other requests in between, and what clients store is limited in rows and bytes.
//!
//! # Examples
//!
//! A request without a client library:
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

mod action_name;
mod actions;
mod answers;
mod builder;
mod cache;
mod catalog;
mod checks;
mod clock;
mod config;
mod config_error;
mod content;
mod context;
mod coverage;
mod describe;
mod dispatch;
mod error;
mod explain;
mod fake;
mod fault;
mod global_roles;
mod journal;
mod model;
mod multirequest;
mod needs;
mod objects;
mod output;
mod permissions;
mod php;
mod request_info;
mod server;
mod session_check;
mod test_access;
mod token_config;
mod transport;
mod wire;

pub use action_name::{ActionName, UnknownAction};
pub use answers::Answer;
pub use answers::table::{AnswerId, SetAnswer};
pub use builder::Builder;
pub use checks::CheckName;
pub use clock::FakeClock;
pub use config_error::ConfigError;
pub use coverage::{Coverage, CoveredAction};
pub use describe::{ActionDescription, ClassDescription};
pub use explain::repair::{Repair, RepairStep};
pub use explain::session::{InspectedSession, RoleOfSession, SessionReport, TokenOfSession, UserOfSession};
pub use explain::{CheckOutcome, ExplainedCheck, Explanation, FollowUp, Refusal, SuitableRole};
pub use fake::{Fake, SnapshotError};
pub use fault::{Fault, FaultId, FaultKind};
pub use journal::{Journal, JournalEntry, StartedSession};
pub use model::account::{Account, PartnerStatus};
pub use model::object::Uploads;
pub use model::session_spec::SessionSpec;
pub use model::token::{Token, TokenSpec, TokenStatus};
pub use model::widget::Widget;
pub use permissions::RoleSource;
pub use wire::reply::{Delivery, DeliveryKind, WireReply};
pub use wire::request::{ParsedRequest, WireRequest};
pub use wire::upload_form::{StreamedFile, UploadForm};
