//! Shutting an app token off.

use crate::api::app_token::{Delete, Get};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::ErrorKind;
use crate::exchange::batch::{Batch, BatchReader, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::ids::AppTokenId;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

/// Deletes an app token and confirms that it is gone.
///
/// Every session that was started with it ends too, within seconds: calls with them answer `INVALID_KS` with `LOGOUT`.
/// One request; safe to repeat: a token that is gone already is fine.
///
/// # Examples
///
/// ```
/// use apptoken_core::{AppTokenId, Clock, Endpoint, Error, Ks, Transport, drive};
/// use apptoken_core::admin::Revoke;
///
/// fn shut_off(endpoint: Endpoint, admin: Ks, id: AppTokenId, transport: &dyn Transport, clock: &dyn Clock) -> Result<bool, Error> {
///     Ok(drive(Revoke::new(endpoint, admin, id).start(clock.now())?, transport, clock)?.was_there)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Revoke {
    endpoint: Endpoint,
    admin: Ks,
    id: AppTokenId,
    retry: RetryPolicy,
}

/// An app token that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Whether the last request found it. `false` also after a repetition whose first request had deleted it.
    pub was_there: bool,
}

impl Revoke {
    /// Deletes the token with this id, by an admin session or a role with `APP_TOKEN_DELETE` and `APP_TOKEN_BASE`.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks, id: AppTokenId) -> Self {
        Self { endpoint, admin, id, retry: RetryPolicy::default() }
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts the flow.
    ///
    /// # Errors
    ///
    /// None today; like every start it may refuse what cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let deletion = Deletion::new(self.endpoint, self.admin, self.id)?;
        let (prepared, reader) = deletion.batch.prepare()?;
        let machine = RevokeMachine { retry: self.retry, reader, tickets: deletion.tickets };
        Ok(Exchange::start(machine, prepared.repeatable(), now))
    }
}

/// The deletion of a token and its confirmation, in one request.
pub(super) struct Deletion {
    pub(super) batch: Batch,
    pub(super) tickets: DeletionTickets,
}

#[derive(Clone, Copy)]
pub(super) struct DeletionTickets {
    delete: Ticket<Delete>,
    get: Ticket<Get>,
}

impl Deletion {
    pub(super) fn new(endpoint: Endpoint, admin: Ks, id: AppTokenId) -> Result<Self, Error> {
        let mut batch = Batch::new(endpoint).with_ks(admin);
        let delete = batch.push(&Delete { id: id.clone() })?;
        let get = batch.push(&Get { id })?;
        Ok(Self { batch, tickets: DeletionTickets { delete, get } })
    }
}

impl DeletionTickets {
    /// Whether the token was there; an inner error unless it is gone now. A failure that may pass is an outer error, like a
    /// reply that cannot be read: the whole request can be repeated.
    pub(super) fn read(self, reader: &BatchReader, reply: &Reply<'_>) -> Result<Result<Revoked, Error>, Error> {
        let mut results = reader.read(reply)?;
        let was_there = match results.take(self.delete) {
            Ok(()) => true,
            Err(error) if is_gone(&error) => false,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => return Ok(Err(error)),
        };
        Ok(match results.take(self.get) {
            Err(error) if is_gone(&error) => Ok(Revoked { was_there }),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => Err(error),
            Ok(_) => Err(Error::new(ErrorKind::UnexpectedReply)
                .detail("the token was deleted and is still there")
                .advise("look again in some seconds: copies of the database may lag behind")),
        })
    }
}

fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound)
}

impl Flow for Revoke {
    type Output = Revoked;
    type Progress = ();
    type Machine = RevokeMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct RevokeMachine {
    retry: RetryPolicy,
    reader: BatchReader,
    tickets: DeletionTickets,
}

impl Machine for RevokeMachine {
    type Output = Revoked;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.retry
    }

    fn accept(&mut self, reply: &Reply<'_>, _: Moment) -> Result<Turn<Revoked>, Error> {
        Ok(match self.tickets.read(&self.reader, reply)? {
            Ok(revoked) => Turn::Done(revoked),
            Err(error) => Turn::Stop(error, ()),
        })
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<Revoked> {
        Turn::Stop(error, ())
    }
}
