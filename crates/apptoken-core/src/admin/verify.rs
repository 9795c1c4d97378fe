//! Verifying a new app token by a login.
//!
//! The server accepts settings that give unusable sessions (a `sessionDuration` of 0, observed on release Venus-22.19.0),
//! so only a login shows that a token works.

use crate::api::app_token::{AppToken, SessionOptions, StartSession, StartedSession};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::ErrorKind;
use crate::exchange::machine::PreparedRequest;
use crate::value::ks::Ks;
use crate::wire::action::Action as _;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// The request that logs in with a token, based on a widget session.
///
/// A repetition has a `nocache`: the server caches errors to callers with a widget session for 120 s, and would repeat the
/// first error until then, although the token exists (observed on release Venus-22.19.0).
pub(super) fn prepare(
    endpoint: &Endpoint,
    token: &AppToken,
    widget: &Ks,
    nocache: Option<Nocache>,
) -> Result<PreparedRequest, Error> {
    let secret = token.token.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::UnexpectedReply)
            .detail("the reply contains the app token without its value")
            .during(StartSession::name())
    })?;
    let token_hash = token.hash_type.token_hash(widget, secret);
    let action = StartSession { id: token.id.clone(), token_hash, options: SessionOptions::default() };
    PreparedRequest::new(endpoint, &action, Common { ks: Some(widget), nocache })
}

/// Refuses a session that is already expired by the server's clock.
pub(super) fn check(started: &StartedSession, reply: &CheckedReply<'_>) -> Result<(), Error> {
    if reply.server_time().is_some_and(|now| started.expiry <= now) {
        return Err(Error::new(ErrorKind::AlreadyExpired).answered_by(reply.response()));
    }
    Ok(())
}

/// Whether the error may be due to a replica of the database that does not have the new token yet.
pub(super) fn may_be_replication_delay(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound)
}
