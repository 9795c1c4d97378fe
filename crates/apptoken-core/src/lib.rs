//! Kaltura application tokens as a pure protocol state machine.
#![no_std]

extern crate alloc;

mod action;
pub mod app_token;
mod encode;
mod endpoint;
mod error;
mod flow;
mod hash;
mod http;
mod ids;
mod ks;
mod privileges;
mod reply;
mod retry;
mod secret;
pub mod session;
mod time;
mod transport;

pub use action::{Action, Repeat};
pub use app_token::SessionOptions;
pub use endpoint::{Endpoint, Region};
pub use error::{ActionName, Error, ErrorKind, KalturaCode, KsFault};
pub use flow::{
    Call, Changes, Credential, Exchange, Flow, Login, Session, ShortenedLifetime, Step, Stopped, WidgetSession, drive,
};
pub use hash::{HashChoice, HashType};
pub use http::{HttpRequest, HttpResponse};
pub use ids::{AppTokenId, PartnerId, SessionType};
pub use ks::{Ks, KsV1Fields, KsVersion};
pub use privileges::{Privilege, Privileges};
pub use retry::RetryPolicy;
pub use secret::{AccountSecret, AppTokenSecret, TokenHash};
pub use time::{Clock, Moment, UnixSeconds};
pub use transport::{FnTransport, Transport, TransportFailure};
