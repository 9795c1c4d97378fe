//! The HTTP server: connections, limits, and faults on the connection.

mod body;
mod gzip;
mod read_body;
mod read_request;
mod respond;
mod server;
mod socket;

pub(crate) use server::{SaveFailureHandler, ServeOptions, Server};
