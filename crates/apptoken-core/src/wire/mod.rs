//! Requests and replies as plain values, and the transport that carries them.

pub(crate) mod action;
pub(crate) mod api_error;
pub(crate) mod body;
pub(crate) mod encode;
pub(crate) mod endpoint;
pub(crate) mod http;
pub(crate) mod lenient;
pub(crate) mod multipart;
pub(crate) mod reply;
pub(crate) mod search;
pub(crate) mod strict;
pub(crate) mod transport;

pub use action::{Action, Repeat};
pub use endpoint::{Endpoint, Region};
pub use http::{HttpRequest, HttpResponse};
pub use multipart::FilePart;
pub use transport::{FnTransport, Transport, TransportFailure};
