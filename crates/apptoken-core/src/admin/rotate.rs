//! Replacing an app token with a successor.

use alloc::format;
use core::time::Duration;

use serde::Serialize;

use crate::admin::handover::Handover;
use crate::admin::resumable::{AdminAccess, ResumableMachine, TokenState};
use crate::admin::revoke::{Deletion, DeletionTickets, Revoke};
use crate::admin::token_search::{Marker, SearchOutcome, TokenSearch};
use crate::admin::verify::{Proof, Verification};
use crate::api::app_token;
use crate::api::app_token::{AppToken, AppTokenFilter, NewAppToken};
use crate::api::list::Page;
use crate::api::session::StartWidgetSession;
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::batch::{Batch, BatchReader, BatchResults, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::ks::Ks;
use crate::value::lifetime::TokenExpiry;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::action::Action as _;
use crate::wire::encode::Nocache;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// Replaces an app token: adds a successor with the same settings, verifies it by a login, then deletes the old token.
///
/// The old token is deleted only after the successor works, so a failure loses nothing. The flow can stop at any point
/// and run again: it recognises the successor by a marker in the description. Takes three requests, and one to delete the
/// old token.
///
/// # Procedure
///
/// Deleting a token revokes its sessions, so the workers that use it must have changed to the successor by then:
///
/// 1. Run this flow with [`OldToken::DeleteAfter`] and an overlap in which both tokens work. It should be at least the
///    longest session of the old token, which is [`Handover::session_duration`]: every worker renews its session within
///    that time. It can be shorter if all workers are made to reload (step 3), and must be longer if step 2 takes long.
/// 2. Put the successor where the workers' credential source reads it: a file, a secret manager.
/// 3. Each worker uses the successor at its next renewal. `Provider::reload` of the crate `apptoken` makes it do so now.
/// 4. Wait until [`PendingRevocation::due`].
/// 5. Run [`PendingRevocation::revoke_with`], which deletes the old token.
///
/// To run the flow again before step 5, after a failure or because its outcome was lost, is safe: it returns the same
/// successor, and the overlap starts anew.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken_core::{AppTokenId, Clock, Endpoint, Error, Ks, PartnerId, Transport, drive};
/// use apptoken_core::admin::{Handover, OldToken, PendingRevocation, Rotate};
///
/// const LONGEST_SESSION: Duration = Duration::from_secs(86_400);
///
/// fn rotate(
///     endpoint: Endpoint,
///     admin: Ks,
///     partner: PartnerId,
///     old: AppTokenId,
///     transport: &dyn Transport,
///     clock: &dyn Clock,
/// ) -> Result<(Handover, Option<PendingRevocation>), Error> {
///     let rotate = Rotate::new(endpoint, admin, partner, old, OldToken::DeleteAfter(LONGEST_SESSION));
///     let rotation = drive(rotate.start(clock.now())?, transport, clock)?;
///     Ok((rotation.successor, rotation.pending_revocation))
/// }
///
/// // A day later, with another admin session.
/// fn revoke(
///     pending: PendingRevocation,
///     admin: Ks,
///     transport: &dyn Transport,
///     clock: &dyn Clock,
/// ) -> Result<bool, Error> {
///     Ok(drive(pending.revoke_with(admin).start(clock.now())?, transport, clock)?.existed)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Rotate {
    access: AdminAccess,
    old_id: AppTokenId,
    old_token: OldToken,
    expiry: Option<TokenExpiry>,
    hash_type: Option<HashType>,
}

/// What happens to the old token after its successor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldToken {
    /// It is kept, to be deleted at any time with [`Revoke`].
    Keep,
    /// It is deleted after this overlap, during which both tokens work; with zero, immediately.
    ///
    /// The flow waits for an overlap of up to [`LONGEST_WAIT`](Self::LONGEST_WAIT). For a longer one it returns a
    /// [`PendingRevocation`] instead.
    DeleteAfter(Duration),
}

impl OldToken {
    /// The longest overlap that the flow waits for: 5 minutes.
    ///
    /// A longer wait is likely to be interrupted by the end of the process or of the admin session.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(300);
}

/// The outcome of a [`Rotate`].
///
/// `Serialize` writes it without the value of the successor.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Rotation {
    /// The successor, with what its user must know.
    pub successor: Handover,
    /// Whether the old token is deleted.
    pub old_token_deleted: bool,
    /// The deletion of the old token that remains to be done, if the overlap is longer than
    /// [`OldToken::LONGEST_WAIT`].
    pub pending_revocation: Option<PendingRevocation>,
}

/// The deletion of an old token that is due when the overlap with its successor ends.
///
/// Another process can do it too: store [`due`](Self::due) and [`id`](Self::id), and run a [`Revoke`] with that id.
#[derive(Clone, Debug, Serialize)]
pub struct PendingRevocation {
    /// When the overlap ends, by the server's clock.
    pub due: UnixSeconds,
    /// The id of the old token.
    pub id: AppTokenId,
    endpoint: Endpoint,
    #[serde(skip)]
    retry: RetryPolicy,
}

impl PendingRevocation {
    /// The flow that deletes the old token, to be run when it is [`due`](Self::due).
    ///
    /// It needs an admin session of that time: the one of the rotation may have expired.
    #[must_use]
    pub fn revoke_with(self, admin: Ks) -> Revoke {
        Revoke::new(self.endpoint, admin, self.id).retry(self.retry)
    }
}

impl Rotate {
    /// Replaces the token `old_id`, and does this with it when its successor works.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks, partner: PartnerId, old_id: AppTokenId, old_token: OldToken) -> Self {
        let access = AdminAccess { endpoint, admin, partner, retry: RetryPolicy::default() };
        Self { access, old_id, old_token, expiry: None, hash_type: None }
    }

    /// Sets when the successor expires, instead of the old token's expiry.
    #[must_use]
    pub fn expiry(self, expiry: TokenExpiry) -> Self {
        Self { expiry: Some(expiry), ..self }
    }

    /// Sets the hash type of the successor, instead of the old token's: to leave a weak one.
    ///
    /// The workers must know it, so pass [`Handover::hash_type`] on to them with the rest. If a successor with another hash
    /// type exists from an earlier run, the flow stops with [`ErrorKind::Conflict`].
    #[must_use]
    pub fn hash_type(self, hash_type: HashType) -> Self {
        Self { hash_type: Some(hash_type), ..self }
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.access.retry = retry;
        self
    }

    /// Starts by reading the old token and searching for a successor.
    ///
    /// # Errors
    ///
    /// None at present; a later version may refuse input that cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let mut machine = RotateMachine::new(self, now.wall);
        let prepared = machine.inspect()?;
        Ok(Exchange::start(machine, prepared, now))
    }

    fn marker(&self) -> Marker {
        Marker::of(&format!("successor-of:{}", self.old_id))
    }
}

/// What a rotation had done when it stopped.
///
/// [`resume`](Self::resume) runs the flow again: it reads what exists and does what is missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotateProgress {
    /// The id of the successor, if it exists.
    pub successor: Option<AppTokenId>,
    /// Whether a login with the successor succeeded.
    pub verified: bool,
    /// Whether the old token is known to be deleted.
    pub old_token_deleted: bool,
    /// The request whose outcome is unknown: the server may or may not have executed it.
    pub in_doubt: Option<ActionName>,
    rotate: Rotate,
}

impl RotateProgress {
    /// Continues where the flow stopped.
    ///
    /// # Errors
    ///
    /// Like [`Rotate::start`].
    pub fn resume(self, now: Moment) -> Result<Exchange<Rotate>, Error> {
        self.rotate.start(now)
    }

    /// Continues with another admin session, in case the first one has expired.
    ///
    /// # Errors
    ///
    /// Like [`Rotate::start`].
    pub fn resume_with(self, admin: Ks, now: Moment) -> Result<Exchange<Rotate>, Error> {
        let access = AdminAccess { admin, ..self.rotate.access };
        Rotate { access, ..self.rotate }.start(now)
    }
}

impl Flow for Rotate {
    type Output = Rotation;
    type Progress = RotateProgress;
    type Machine = RotateMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }

    fn session(&self) -> Option<&Ks> {
        Some(&self.access.admin)
    }

    fn with_other_session(&self, session: Ks) -> Option<Self> {
        let mut flow = self.clone();
        flow.access.admin = session;
        Some(flow)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct RotateMachine {
    rotate: Rotate,
    /// The state of the successor.
    token_state: TokenState,
    search: TokenSearch,
    old: Option<AppToken>,
    old_token_deleted: bool,
    verified: bool,
    stage: RotateStage,
    /// The server's time at its last reply; the caller's clock before that.
    now: UnixSeconds,
}

/// The request that the flow waits for.
enum RotateStage {
    /// Reads the old token and the newer tokens, and starts a widget session.
    Inspect(BatchReader, RotateInspectTickets),
    /// Reads a further page of tokens.
    ReadMoreTokens,
    /// Adds the successor.
    Add,
    /// Logs in with the successor, and uses the session.
    Verify(Verification),
    /// Deletes the old token.
    Delete(BatchReader, DeletionTickets),
}

#[derive(Clone, Copy)]
struct RotateInspectTickets {
    old: Ticket<app_token::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
}

impl Machine for RotateMachine {
    type Output = Rotation;
    type Progress = RotateProgress;

    fn policy(&self) -> &RetryPolicy {
        &self.rotate.access.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, now: Moment) -> Result<Transition<Rotation, RotateProgress>, Error> {
        self.now = reply.server_time().unwrap_or(now.wall);
        match &self.stage {
            RotateStage::Inspect(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.handle_inspection(tickets, results))
            }
            RotateStage::ReadMoreTokens => Ok(self.handle_token_page(reply.parse()?)),
            RotateStage::Add => {
                self.token_state.token = Some(reply.parse()?);
                Ok(self.verify())
            }
            RotateStage::Verify(verification) => Ok(match verification.read(reply)? {
                Ok(()) => self.handle_verification(),
                Err(error) => self.not_verified(error, now),
            }),
            RotateStage::Delete(reader, tickets) => {
                tickets.read(reader, reply)?;
                self.old_token_deleted = true;
                Ok(self.finish())
            }
        }
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<Rotation, RotateProgress> {
        match self.stage {
            RotateStage::Add if error.may_have_acted() => self.in_doubt(error),
            RotateStage::Delete(..) if error.may_have_acted() => {
                // Not the action of the error, which can be the request as a whole or the check after the deletion.
                self.token_state.in_doubt = Some(app_token::Delete::name());
                self.stop(error)
            }
            _ => self.stop(error),
        }
    }
}

impl ResumableMachine for RotateMachine {
    fn parts(&mut self) -> (&AdminAccess, &mut TokenState) {
        (&self.rotate.access, &mut self.token_state)
    }

    fn inspect(&mut self) -> Result<PreparedRequest, Error> {
        let Rotate { access, old_id, .. } = &self.rotate;
        let mut batch = Batch::new(access.endpoint.clone()).with_ks(access.admin.clone());
        let old = batch.push(&app_token::Get { id: old_id.clone() })?;
        self.search = TokenSearch::new(self.rotate.marker());
        // A successor is newer than its old token, so older tokens need not be searched.
        let since = ("filter:createdAtGreaterThanOrEqual", old.field(&["createdAt"]));
        let tokens = batch.push_with(&AdminAccess::page(AppTokenFilter::default(), &self.search), &[since])?;
        let widget = batch.push(&StartWidgetSession::of(access.partner))?;
        let (prepared, reader) = batch.prepare()?;
        self.stage = RotateStage::Inspect(reader, RotateInspectTickets { old, tokens, widget });
        Ok(prepared)
    }

    fn verification(&mut self, nocache: Option<Nocache>) -> Result<PreparedRequest, Error> {
        let (prepared, verification) = self.token_state.verify(&self.rotate.access, nocache, &Proof::ping()?)?;
        self.stage = RotateStage::Verify(verification);
        Ok(prepared)
    }

    fn stop(&mut self, error: Error) -> Transition<Rotation, RotateProgress> {
        let progress = RotateProgress {
            successor: self.token_state.token.as_ref().map(|token| token.id.clone()),
            verified: self.verified,
            old_token_deleted: self.old_token_deleted,
            in_doubt: self.token_state.in_doubt,
            rotate: self.rotate.clone(),
        };
        Transition::Stop(error, progress)
    }
}

impl RotateMachine {
    fn new(rotate: Rotate, now: UnixSeconds) -> Self {
        let (search, token_state) = (TokenSearch::new(rotate.marker()), TokenState::default());
        let stage = RotateStage::ReadMoreTokens;
        Self { rotate, token_state, search, old: None, old_token_deleted: false, verified: false, stage, now }
    }

    fn handle_inspection(
        &mut self,
        tickets: RotateInspectTickets,
        mut results: BatchResults,
    ) -> Transition<Rotation, RotateProgress> {
        let old = results.take(tickets.old).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound) => Ok(None),
            _ => Err(error),
        });
        let (old, widget) = match (old, results.take(tickets.widget)) {
            (Ok(old), Ok(widget)) => (old, widget.ks),
            (Err(error), _) | (_, Err(error)) => return self.inspect_again_or_stop(error),
        };
        self.token_state.widget = Some(widget);
        self.old_token_deleted = old.is_none();
        self.old = old;
        if self.old_token_deleted {
            // The batch's list refers to the creation time of the old token. Without that token the reference is an empty
            // string, so all tokens must be searched.
            return self.read_more_tokens();
        }
        match results.take(tickets.tokens) {
            Ok(page) => self.handle_token_page(page),
            Err(error) => self.inspect_again_or_stop(error),
        }
    }

    fn read_more_tokens(&mut self) -> Transition<Rotation, RotateProgress> {
        let created_since = self.old.as_ref().map(|old| old.created_at);
        let list = AdminAccess::page(AppTokenFilter { created_since, ..AppTokenFilter::default() }, &self.search);
        let next = self.rotate.access.request(&list);
        self.stage = RotateStage::ReadMoreTokens;
        self.send(next)
    }

    fn handle_token_page(&mut self, page: Page<AppToken>) -> Transition<Rotation, RotateProgress> {
        match self.search.add_page(page) {
            SearchOutcome::MorePages => self.read_more_tokens(),
            SearchOutcome::Complete(Some(successor)) => {
                let conflict = self.other_hash_type(&successor);
                self.token_state.token = Some(successor);
                match conflict {
                    Some(error) => self.stop(error),
                    None => self.verify(),
                }
            }
            SearchOutcome::Complete(None) => {
                let next =
                    self.successor().and_then(|app_token| self.rotate.access.request(&app_token::Add { app_token }));
                self.stage = RotateStage::Add;
                self.send(next)
            }
        }
    }

    /// Why a successor of an earlier run is not the one that is asked for.
    fn other_hash_type(&self, successor: &AppToken) -> Option<Error> {
        let wanted = self.rotate.hash_type.filter(|wanted| *wanted != successor.hash_type)?;
        let AppToken { id, hash_type, .. } = successor;
        Some(
            Error::new(ErrorKind::Conflict)
                .detail(format!("the successor {id} exists and has the hash type {hash_type}, not {wanted}"))
                .advise("revoke the successor if no worker uses it, and rotate again; or rotate without a hash type"),
        )
    }

    /// The settings of the successor: those of the old token.
    fn successor(&self) -> Result<NewAppToken, Error> {
        let old = self.old.as_ref().ok_or_else(|| {
            let id = &self.rotate.old_id;
            Error::new(ErrorKind::Conflict)
                .detail(format!("the app token {id} does not exist and has no successor: there is nothing to rotate"))
                .advise("check the id of the token, and the account of the session")
        })?;
        let expiry = match (self.rotate.expiry, old.expiry) {
            (Some(expiry), _) => Some(expiry),
            (None, Some(expiry)) => Some(TokenExpiry::at(expiry, self.now).map_err(|_| {
                Error::new(ErrorKind::Conflict)
                    .detail(format!("the expiry of the old app token, {expiry}, cannot be that of its successor"))
                    .advise("set an expiry for the successor (Rotate::expiry)")
            })?),
            (None, None) => None,
        };
        Ok(NewAppToken {
            expiry,
            session_type: old.session_type,
            session_user_id: old.session_user_id.clone(),
            // A duration of 0 gives sessions that are already expired; left out, the server sets the account's maximum.
            session_duration: Some(old.longest_session()).filter(|duration| !duration.is_zero()),
            session_privileges: old.session_privileges.clone(),
            hash_type: Some(self.rotate.hash_type.unwrap_or(old.hash_type)),
            description: Some(
                self.rotate
                    .marker()
                    .append_to(without_rotation_markers(old.description.as_deref().unwrap_or_default())),
            ),
        })
    }

    fn verify(&mut self) -> Transition<Rotation, RotateProgress> {
        let next = self.verification(None);
        self.send(next)
    }

    fn handle_verification(&mut self) -> Transition<Rotation, RotateProgress> {
        self.verified = true;
        self.token_state.in_doubt = None;
        match self.rotate.old_token {
            OldToken::DeleteAfter(overlap) if !self.old_token_deleted && overlap <= OldToken::LONGEST_WAIT => {
                match self.delete() {
                    Ok(prepared) if overlap.is_zero() => Transition::Send(prepared),
                    Ok(prepared) => Transition::Wait(overlap, prepared),
                    Err(error) => self.stop(error),
                }
            }
            _ => self.finish(),
        }
    }

    fn delete(&mut self) -> Result<PreparedRequest, Error> {
        let Rotate { access, old_id, .. } = &self.rotate;
        let deletion = Deletion::new(access.endpoint.clone(), access.admin.clone(), old_id.clone())?;
        let (prepared, reader) = deletion.batch.prepare()?;
        self.stage = RotateStage::Delete(reader, deletion.tickets);
        Ok(prepared.repeatable())
    }

    fn finish(&mut self) -> Transition<Rotation, RotateProgress> {
        match self.token_state.handover(&self.rotate.access) {
            Ok(successor) => Transition::Done(Rotation {
                successor,
                old_token_deleted: self.old_token_deleted,
                pending_revocation: self.pending_revocation(),
            }),
            Err(error) => self.stop(error),
        }
    }

    fn pending_revocation(&self) -> Option<PendingRevocation> {
        let Rotate { access, old_id, old_token, .. } = &self.rotate;
        match old_token {
            OldToken::DeleteAfter(overlap) if !self.old_token_deleted => Some(PendingRevocation {
                due: self.now.plus(*overlap),
                id: old_id.clone(),
                endpoint: access.endpoint.clone(),
                retry: access.retry,
            }),
            _ => None,
        }
    }

    fn inspect_again_or_stop(&mut self, error: Error) -> Transition<Rotation, RotateProgress> {
        if error.is_transient() { self.inspect_again(error) } else { self.stop(error) }
    }
}

/// The description without the markers of earlier rotations, which would otherwise accumulate.
fn without_rotation_markers(description: &str) -> &str {
    description.split("[apptoken:successor-of:").next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_rotations_do_not_accumulate() {
        let first = Marker::of("successor-of:0_a").append_to(without_rotation_markers("importer [apptoken:importer]"));
        assert_eq!(first, "importer [apptoken:importer] [apptoken:successor-of:0_a]");
        let second = Marker::of("successor-of:0_b").append_to(without_rotation_markers(&first));
        assert_eq!(second, "importer [apptoken:importer] [apptoken:successor-of:0_b]");
        assert_eq!(
            Marker::of("successor-of:0_b").append_to(without_rotation_markers("[apptoken:successor-of:0_a]")),
            "[apptoken:successor-of:0_b]"
        );
    }
}
