//! HTTP around the fake: connections, limits, and faults at the socket.

mod body;
mod gzip;
mod reply;
mod request;
mod server;
mod socket;

pub(crate) use server::{SaveFailed, Server, Setup};
