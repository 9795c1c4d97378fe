//! HTTP around the fake: connections, limits, and faults at the socket.

mod body;
mod gzip;
mod read_request;
mod respond;
mod server;
mod socket;

pub(crate) use server::{SaveFailureHandler, ServeOptions, Server};
