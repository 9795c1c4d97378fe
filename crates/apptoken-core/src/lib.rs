//! Kaltura application tokens as a pure protocol state machine.
#![no_std]

extern crate alloc;

mod action;
pub mod app_token;
mod change;
mod encode;
mod endpoint;
mod error;
mod flow;
mod hash;
mod http;
mod ids;
mod ks;
mod lifetime;
mod list;
mod privileges;
pub mod renewal;
mod reply;
mod retry;
mod secret;
pub mod session;
mod time;
mod transport;
pub mod user;
pub mod user_role;

pub use action::{Action, Repeat};
pub use app_token::SessionOptions;
pub use change::Change;
pub use endpoint::{Endpoint, Region};
pub use error::{ActionName, Error, ErrorKind, KalturaCode, KsFault};
pub use flow::{
    AllPages, Audit, AuditedToken, Batch, BatchResults, Call, Changes, Credential, Exchange, Finding, Flow, HandOver,
    Login, OldToken, Provision, ProvisionProgress, Reference, Revoke, Revoked, Rotate, RotateProgress, Rotated,
    ServiceRole, Session, ShortenedLifetime, Step, Stopped, Ticket, WidgetSession, drive,
};
pub use hash::{HashChoice, HashType};
pub use http::{HttpRequest, HttpResponse};
pub use ids::{AppTokenId, PartnerId, SessionType};
pub use ks::{Ks, KsV1Fields, KsVersion};
pub use list::{ListAction, Page, Pager};
pub use privileges::{Privilege, Privileges};
pub use retry::RetryPolicy;
pub use secret::{AccountSecret, AppTokenSecret, TokenHash};
pub use time::{Clock, Moment, UnixSeconds};
pub use transport::{FnTransport, Transport, TransportFailure};
