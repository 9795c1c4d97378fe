//! Verifying a new app token: a login, and an action with the session of that login.
//!
//! The server accepts settings that give unusable sessions (a `sessionDuration` of 0, a `setrole` of a role that does not
//! exist; observed on release Venus-22.19.0), so only the use of a session shows that a token works.

use core::fmt;

use serde::Serialize;

use crate::api::app_token::{AppToken, SessionOptions, StartSession, StartedSession};
use crate::api::system::Ping;
use crate::error::Error;
use crate::error::code::{KalturaCode, KsFault};
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::batch::{Batch, BatchReader, Item, Ticket};
use crate::exchange::machine::PreparedRequest;
use crate::value::ks::Ks;
use crate::wire::action::{Action, Repeat};
use crate::wire::encode::Nocache;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// The action that shows that the sessions of a token can be used.
#[derive(Clone)]
pub(super) struct Proof(Item);

impl Proof {
    /// Any session may call this action, unless the server does not accept the session at all.
    pub(super) fn ping() -> Result<Self, Error> {
        Self::of(&Ping {})
    }

    /// Refuses an action that can change something, by its name and by what it says of itself.
    pub(super) fn of<A: Action>(action: &A) -> Result<Self, Error> {
        let target = action.target();
        if action.repeat() != Repeat::Always || !is_reading(target.action) {
            return Err(Error::invalid_input(
                "a proof must only read: its name must begin with get, list, count, search or ping, and its Action::REPEAT must be Repeat::Always",
            )
            .during(target));
        }
        // The session of the login, which is the first action of the same batch.
        let session = Ticket::<VerifyingLogin>::first().field(&["ks"]);
        // The server caches no reply to a session of an app token.
        Item::new(action, &[("ks", session)], None).map(Self)
    }

    fn action(&self) -> ActionName {
        self.0.action()
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({})", self.action())
    }
}

/// Whether the first word of a name such as `listByReferenceId` is that of an action that reads.
fn is_reading(action: &str) -> bool {
    let first_word = action.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
    ["get", "list", "count", "search", "ping"].contains(&first_word)
}

/// `appToken.startSession` with a `nocache` of its own: the parameters of the whole batch do not count for the cache.
#[derive(Serialize)]
struct VerifyingLogin {
    #[serde(flatten)]
    action: StartSession,
    #[serde(skip_serializing_if = "Option::is_none")]
    nocache: Option<Nocache>,
}

impl Action for VerifyingLogin {
    type Reply = StartedSession;
    const SERVICE: &'static str = StartSession::SERVICE;
    const ACTION: &'static str = StartSession::ACTION;
    const REPEAT: Repeat = StartSession::REPEAT;
}

/// How to read the reply to a verification.
pub(super) struct Verification {
    reader: BatchReader,
    login: Ticket<VerifyingLogin>,
    proof: usize,
    proof_action: ActionName,
}

/// The request that logs in with a token, based on a widget session, and uses the session.
///
/// A repetition has a `nocache`: the server caches errors to callers with a widget session for 120 s, and would repeat the
/// first error until then, although the token exists (observed on release Venus-22.19.0).
pub(super) fn prepare(
    endpoint: &Endpoint,
    token: &AppToken,
    widget: &Ks,
    nocache: Option<Nocache>,
    proof: &Proof,
) -> Result<(PreparedRequest, Verification), Error> {
    let secret = token.token.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::UnexpectedReply)
            .detail("the reply contains the app token without its value")
            .during(StartSession::name())
    })?;
    let token_hash = token.hash_type.token_hash(widget, secret);
    let mut batch = Batch::new(endpoint.clone()).with_ks(widget.clone());
    let action = StartSession { id: token.id.clone(), token_hash, options: SessionOptions::default() };
    let login = batch.push(&VerifyingLogin { action, nocache })?;
    let proof_action = proof.action();
    let proof = batch.push_item(proof.0.clone());
    let (prepared, reader) = batch.prepare()?;
    Ok((prepared, Verification { reader, login, proof, proof_action }))
}

impl Verification {
    /// Reads whether the token works.
    ///
    /// The outer error is a transient failure or an unreadable reply, after which the whole request can be repeated. The
    /// inner error is permanent.
    pub(super) fn read(&self, reply: &CheckedReply<'_>) -> Result<Result<(), Error>, Error> {
        let mut results = self.reader.read(reply)?;
        let started = match results.take(self.login) {
            Ok(started) => started,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => return Ok(Err(error)),
        };
        if reply.server_time().is_some_and(|now| started.expiry <= now) {
            return Ok(Err(Error::new(ErrorKind::AlreadyExpired).answered_by(reply).during(StartSession::name())));
        }
        match results.take_unread(self.proof) {
            Ok(_) => Ok(Ok(())),
            Err(error) if error.is_transient() => Err(error),
            // The session is for another place than this one, where it cannot be tried.
            Err(error) if is_restricted_to_another_place(&error) => Ok(Ok(())),
            Err(error) => Ok(Err(self.explain(error))),
        }
    }

    fn explain(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Kaltura(KalturaCode::ServiceForbidden) => {
                error.detail("the app token works, but its sessions may not call this action").advise(
                    "add a permission for the action to the role of the user, or to the role in the privilege setrole",
                )
            }
            _ => error,
        }
        .during(self.proof_action)
    }
}

fn is_restricted_to_another_place(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::RestrictedIp | KsFault::RestrictedUri)))
}

/// Whether the error may be due to a replica of the database that does not have the new token yet.
pub(super) fn may_be_replication_delay(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_reading_actions_are_accepted() {
        for name in ["get", "list", "listByReferenceId", "getByIds", "count", "searchEntry", "ping"] {
            assert!(is_reading(name), "{name}");
        }
        for name in ["", "add", "update", "delete", "listen", "getaway", "startSession", "GET", "reset", "end"] {
            assert!(!is_reading(name), "{name}");
        }
    }
}
