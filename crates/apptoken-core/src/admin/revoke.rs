//! Revoking an app token.

use serde::Serialize;

use crate::api::app_token::{Delete, Get};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::ErrorKind;
use crate::exchange::batch::{Batch, BatchReader, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::ids::AppTokenId;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// Deletes an app token and confirms that it no longer exists.
///
/// Every session that was started with it is revoked too, within seconds: calls with such a session fail with
/// `INVALID_KS` and the reason `LOGOUT`. Takes one request. Safe to repeat: a token that no longer exists is a success.
///
/// # Examples
///
/// ```
/// use apptoken_core::{AppTokenId, Clock, Endpoint, Error, Ks, Transport, drive};
/// use apptoken_core::admin::Revoke;
///
/// fn revoke(endpoint: Endpoint, admin: Ks, id: AppTokenId, transport: &dyn Transport, clock: &dyn Clock) -> Result<bool, Error> {
///     Ok(drive(Revoke::new(endpoint, admin, id).start(clock.now())?, transport, clock)?.existed)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Revoke {
    endpoint: Endpoint,
    admin: Ks,
    id: AppTokenId,
    retry: RetryPolicy,
}

/// The outcome of a [`Revoke`]: the app token no longer exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Revocation {
    /// Whether the token existed before the last request. Also `false` if an earlier attempt of this flow had deleted it.
    pub existed: bool,
}

impl Revoke {
    /// Deletes the token with this id. `admin` must be an admin session or have a role with `APP_TOKEN_DELETE` and
    /// `APP_TOKEN_BASE`.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks, id: AppTokenId) -> Self {
        Self { endpoint, admin, id, retry: RetryPolicy::default() }
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts the flow.
    ///
    /// # Errors
    ///
    /// None at present; a later version may refuse input that cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let deletion = Deletion::new(self.endpoint, self.admin, self.id)?;
        let (prepared, reader) = deletion.batch.prepare()?;
        let machine = RevokeMachine { retry: self.retry, reader, tickets: deletion.tickets };
        // `appToken.delete` alone is not marked repeatable. Here a second run finds the token deleted, which is a success.
        Ok(Exchange::start(machine, prepared.repeatable(), now))
    }
}

/// The deletion of a token and its confirmation by `appToken.get`, in one request.
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
    /// Reads the outcome of the deletion. The whole request can be repeated after an error.
    pub(super) fn read(self, reader: &BatchReader, reply: &CheckedReply<'_>) -> Result<Revocation, Error> {
        let mut results = reader.read(reply)?;
        let existed = match results.take(self.delete) {
            Ok(()) => true,
            Err(error) if is_not_found(&error) => false,
            Err(error) => return Err(error),
        };
        match results.take(self.get) {
            Err(error) if is_not_found(&error) => Ok(Revocation { existed }),
            Err(error) => Err(error),
            Ok(_) => Err(Error::new(ErrorKind::UnexpectedReply)
                .detail("the app token still exists after it was deleted")
                .advise("check again in a few seconds: a replica of the database may not be up to date yet")),
        }
    }
}

/// A deleted token is reported like an unknown one (`api_v3/services/AppTokenService.php`), so this means success.
fn is_not_found(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound)
}

impl Flow for Revoke {
    type Output = Revocation;
    type Progress = ();
    type Machine = RevokeMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }

    fn session(&self) -> Option<&Ks> {
        Some(&self.admin)
    }

    fn with_other_session(&self, session: Ks) -> Option<Self> {
        Some(Self { admin: session, ..self.clone() })
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct RevokeMachine {
    retry: RetryPolicy,
    reader: BatchReader,
    tickets: DeletionTickets,
}

impl Machine for RevokeMachine {
    type Output = Revocation;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, _: Moment) -> Result<Transition<Revocation>, Error> {
        self.tickets.read(&self.reader, reply).map(Transition::Done)
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<Revocation> {
        Transition::Stop(error, ())
    }
}
