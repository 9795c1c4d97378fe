//! The actions of the service `system`.

mod ping;

pub use ping::Ping;
