//! Proving a new app token by a login.

use crate::api::app_token::{AppToken, SessionOptions, StartSession, StartedSession};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::ErrorKind;
use crate::exchange::machine::Prepared;
use crate::value::ks::Ks;
use crate::wire::action::Action as _;
use crate::wire::encode::Common;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

/// The login with a token, from a widget session.
pub(super) fn prepare(endpoint: &Endpoint, token: &AppToken, widget: &Ks) -> Result<Prepared, Error> {
    let secret = token.token.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::UnexpectedReply)
            .detail("the token came back without its value")
            .during(StartSession::name())
    })?;
    let token_hash = token.hash_type.token_hash(widget, secret);
    let action = StartSession { id: token.id.clone(), token_hash, options: SessionOptions::default() };
    Prepared::new(endpoint, &action, Common { ks: Some(widget), nocache: None })
}

/// Whether the session that came back is one to use.
pub(super) fn check(started: &StartedSession, reply: &Reply<'_>) -> Result<(), Error> {
    if reply.server_time().is_some_and(|now| started.expiry <= now) {
        return Err(Error::new(ErrorKind::BornExpired).answered_by(reply.response()));
    }
    Ok(())
}

/// Whether copies of the database may not have heard of the new token yet.
pub(super) fn may_lag_behind(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound)
}
