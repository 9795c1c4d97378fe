//! Shares the sessions of [`apptoken`](https://docs.rs/apptoken) between machines, through Redis or Valkey: one login and one
//! widget session for a whole fleet.
//!
//! ```no_run
//! use apptoken::{Builder, Config, EnvSource};
//! use apptoken_store_redis::RedisStore;
//!
//! // KALTURA_SESSION_STORE=rediss://app:password@cache.example.org:6379
//! let store = RedisStore::from_env()?;
//! let provider = Builder::new(Config::from_env()?.endpoint).provider(EnvSource).store(store).build();
//! println!("{}", provider.session()?.expires_at());
//! # Ok::<(), apptoken::Error>(())
//! ```
//!
//! # URLs
//!
//! | URL | meaning |
//! |---|---|
//! | `redis://user:password@host:6379/0` | one server; user, password, port and database can be left out |
//! | `redis+unix:///run/redis.sock?db=0` | one server on a Unix socket; `redis+unix://user:password@/run/redis.sock` with a login |
//! | `redis+sentinel://user:password@host:26379,host/service/0` | the master of a service, for which the sentinels are asked; `?sentinel_user=` and `?sentinel_password=` log in at the sentinels |
//! | `redis+cluster://user:password@host:6379,host` | a cluster; some of its servers are enough |
//!
//! With `rediss` instead of `redis` the connection has TLS, also to the sentinels. `valkey` and `valkeys` mean the same. Special
//! characters in names and passwords are percent-encoded.
//!
//! # What is stored
//!
//! Two keys for each server, account, app token and set of session options: a hash with the session, and a lock while somebody
//! renews it. Their names have the account, the token's id and a hash of the rest. The session, and the widget session from which
//! the next login starts, are sealed with XChaCha20-Poly1305 for this name, by default with a key derived from the app token's
//! value: who can read Redis, but does not have the token, cannot use them. Keys expire when the sessions in them have.
//!
//! The user needs the rights `+eval +evalsha +script|load +hget +hset +set +get +del +pttl +pexpire +time` on `~apptoken:*`,
//! in a cluster `+cluster|slots` too.
//!
//! # If Redis fails
//!
//! A provider logs in by itself, and reports [`StoreFailed`](https://docs.rs/apptoken/latest/apptoken/enum.Event.html). It waits
//! for Redis once, for 1 s, whatever Redis does: stop, hang, send a byte now and then, refuse to write, or answer nonsense. If the
//! holder of a lock dies, the others wait for 5 s.
//!
//! A session's age counts by the clock of Redis or by the machine's clock, whichever is greater, so no machine uses a session past
//! its end because its clock is wrong. A renewal that was delayed never replaces the session of a later one.
//!
//! [`fleets`] says what to expect from how many machines, and what to set.

mod address;
mod names;
mod scripts;
mod seal;
mod server;
#[cfg(test)]
mod simulation;
mod store;
mod worker;

pub use seal::SealingKey;
pub use store::{RedisStore, RedisStoreBuilder};

#[doc = include_str!("../docs/fleets.md")]
pub mod fleets {}
