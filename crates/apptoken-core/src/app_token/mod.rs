//! The actions of the service `appToken`.

mod start_session;

pub use start_session::{SessionOptions, StartSession, StartedSession};
