//! A successor for an app token.

use alloc::format;
use core::time::Duration;

use crate::admin::hand_over::HandOver;
use crate::admin::plan::{Known, Plan, Site};
use crate::admin::revoke::{Deletion, DeletionTickets};
use crate::admin::token_search::{Looked, Marker, Search};
use crate::admin::verify;
use crate::api::app_token;
use crate::api::app_token::{AppToken, AppTokenFilter, NewAppToken, StartedSession};
use crate::api::list::Page;
use crate::api::session::StartWidgetSession;
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::batch::{Batch, BatchReader, BatchResults, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::ks::Ks;
use crate::value::lifetime::TokenExpiry;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

/// Replaces an app token: adds a successor with the same settings, proves it by a login, then deletes the old one.
///
/// The old token is deleted only when the successor works, so a failure loses nothing; its sessions end with it. The flow
/// can be stopped anywhere and run again: the successor is known by a mark in its description. Four requests.
///
/// # Examples
///
/// ```
/// use apptoken_core::{AppTokenId, Clock, Endpoint, Error, Ks, PartnerId, Transport, drive};
/// use apptoken_core::admin::{OldToken, Rotate, Rotated};
///
/// fn rotate(
///     endpoint: Endpoint,
///     admin: Ks,
///     partner: PartnerId,
///     old: AppTokenId,
///     transport: &dyn Transport,
///     clock: &dyn Clock,
/// ) -> Result<Rotated, Error> {
///     // The old token goes on until everybody uses the new one; then it is revoked.
///     let rotate = Rotate::new(endpoint, admin, partner, old).old_token(OldToken::Keep);
///     Ok(drive(rotate.start(clock.now())?, transport, clock)?)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Rotate {
    site: Site,
    old: AppTokenId,
    fate: OldToken,
    expiry: Option<TokenExpiry>,
}

/// What becomes of the old token when its successor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldToken {
    /// It is deleted after this time, during which both work; at once with zero. The flow waits so long.
    DeleteAfter(Duration),
    /// It stays, to be deleted later with [`Revoke`](crate::admin::Revoke).
    Keep,
}

/// A token's successor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rotated {
    /// What is to be handed over.
    pub successor: HandOver,
    /// Whether the old token is gone.
    pub old_is_gone: bool,
}

impl Rotate {
    /// Replaces the token `old`, and deletes it as soon as its successor works.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks, partner: PartnerId, old: AppTokenId) -> Self {
        let site = Site { endpoint, admin, partner, retry: RetryPolicy::default() };
        Self { site, old, fate: OldToken::DeleteAfter(Duration::ZERO), expiry: None }
    }

    /// Decides what becomes of the old token.
    #[must_use]
    pub fn old_token(self, fate: OldToken) -> Self {
        Self { fate, ..self }
    }

    /// Ends the successor at this time, instead of when the old token would have ended.
    #[must_use]
    pub fn expiry(self, expiry: TokenExpiry) -> Self {
        Self { expiry: Some(expiry), ..self }
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.site.retry = retry;
        self
    }

    /// Starts by looking at the old token and for a successor.
    ///
    /// # Errors
    ///
    /// None today; like every start it may refuse what cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let mut machine = RotateMachine::new(self, now.wall);
        let prepared = machine.look()?;
        Ok(Exchange::start(machine, prepared, now))
    }

    fn marker(&self) -> Marker {
        Marker::of(&format!("successor-of:{}", self.old))
    }
}

/// What a rotation that stopped had done.
///
/// [`resume`](Self::resume) runs it again: it looks first, and does what is missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotateProgress {
    /// The successor that is there.
    pub successor: Option<AppTokenId>,
    /// Whether a login with the successor succeeded.
    pub verified: bool,
    /// Whether the old token is known to be gone.
    pub old_is_gone: bool,
    /// The request whose outcome is unknown: what it was to do may be done as well.
    pub in_doubt: Option<ActionName>,
    rotate: Rotate,
}

impl RotateProgress {
    /// Goes on where it stopped.
    ///
    /// # Errors
    ///
    /// Like [`Rotate::start`].
    pub fn resume(self, now: Moment) -> Result<Exchange<Rotate>, Error> {
        self.rotate.start(now)
    }

    /// Goes on with another admin session, for when the first one has ended.
    ///
    /// # Errors
    ///
    /// Like [`Rotate::start`].
    pub fn resume_with(self, admin: Ks, now: Moment) -> Result<Exchange<Rotate>, Error> {
        let site = Site { admin, ..self.rotate.site };
        Rotate { site, ..self.rotate }.start(now)
    }
}

impl Flow for Rotate {
    type Output = Rotated;
    type Progress = RotateProgress;
    type Machine = RotateMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct RotateMachine {
    rotate: Rotate,
    /// Of the successor.
    known: Known,
    search: Search,
    old: Option<AppToken>,
    old_is_gone: bool,
    verified: bool,
    stage: Stage,
    /// The server's clock, as far as it was told.
    now: UnixSeconds,
}

/// What is under way.
enum Stage {
    /// What is there?
    Look(BatchReader, LookTickets),
    /// Further pages of tokens.
    LookFurther,
    /// The successor.
    Add,
    /// The login with it.
    Verify,
    /// The end of the old one.
    Delete(BatchReader, DeletionTickets),
}

#[derive(Clone, Copy)]
struct LookTickets {
    old: Ticket<app_token::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
}

impl Machine for RotateMachine {
    type Output = Rotated;
    type Progress = RotateProgress;

    fn policy(&self) -> &RetryPolicy {
        &self.rotate.site.retry
    }

    fn accept(&mut self, reply: &Reply<'_>, now: Moment) -> Result<Turn<Rotated, RotateProgress>, Error> {
        self.now = reply.server_time().unwrap_or(now.wall);
        match &self.stage {
            Stage::Look(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.looked(tickets, results))
            }
            Stage::LookFurther => Ok(self.searched(reply.parse()?)),
            Stage::Add => {
                self.known.token = Some(reply.parse()?);
                Ok(self.verify())
            }
            Stage::Verify => {
                let started: StartedSession = reply.parse()?;
                Ok(match verify::check(&started, reply) {
                    Ok(()) => self.verified(),
                    Err(error) => self.stop(error),
                })
            }
            Stage::Delete(reader, tickets) => Ok(match tickets.read(reader, reply)? {
                Ok(_) => {
                    self.old_is_gone = true;
                    self.finish()
                }
                Err(error) => self.stop(error),
            }),
        }
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<Rotated, RotateProgress> {
        match self.stage {
            Stage::Add if error.may_have_acted() => self.in_doubt(error),
            Stage::Verify if verify::may_lag_behind(&error) => self.verify_again(error),
            Stage::Delete(..) if error.may_have_acted() => {
                self.known.in_doubt = error.action();
                self.stop(error)
            }
            _ => self.stop(error),
        }
    }
}

impl Plan for RotateMachine {
    fn known(&mut self) -> (&Site, &mut Known) {
        (&self.rotate.site, &mut self.known)
    }

    fn look(&mut self) -> Result<Prepared, Error> {
        let Rotate { site, old, .. } = &self.rotate;
        let mut batch = Batch::new(site.endpoint.clone()).with_ks(site.admin.clone());
        let old = batch.push(&app_token::Get { id: old.clone() })?;
        self.search = Search::new(self.rotate.marker());
        // A successor is younger than its old token.
        let since = ("filter:createdAtGreaterThanOrEqual", old.field(&["createdAt"]));
        let tokens = batch.push_with(&Site::page(AppTokenFilter::default(), &self.search), &[since])?;
        let widget = batch.push(&StartWidgetSession::of(site.partner))?;
        let (prepared, reader) = batch.prepare()?;
        self.stage = Stage::Look(reader, LookTickets { old, tokens, widget });
        Ok(prepared)
    }

    fn stop(&mut self, error: Error) -> Turn<Rotated, RotateProgress> {
        let progress = RotateProgress {
            successor: self.known.token.as_ref().map(|token| token.id.clone()),
            verified: self.verified,
            old_is_gone: self.old_is_gone,
            in_doubt: self.known.in_doubt,
            rotate: self.rotate.clone(),
        };
        Turn::Stop(error, progress)
    }
}

impl RotateMachine {
    fn new(rotate: Rotate, now: UnixSeconds) -> Self {
        let (search, known) = (Search::new(rotate.marker()), Known::default());
        let stage = Stage::LookFurther;
        Self { rotate, known, search, old: None, old_is_gone: false, verified: false, stage, now }
    }

    fn looked(&mut self, tickets: LookTickets, mut results: BatchResults) -> Turn<Rotated, RotateProgress> {
        let old = results.take(tickets.old).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound) => Ok(None),
            _ => Err(error),
        });
        let (old, widget) = match (old, results.take(tickets.widget)) {
            (Ok(old), Ok(widget)) => (old, widget.ks),
            (Err(error), _) | (_, Err(error)) => return self.look_again_or_stop(error),
        };
        self.known.widget = Some(widget);
        self.old_is_gone = old.is_none();
        self.old = old;
        if self.old_is_gone {
            // Without the old token the list had no date to begin with: all tokens must be looked through.
            return self.look_further();
        }
        match results.take(tickets.tokens) {
            Ok(page) => self.searched(page),
            Err(error) => self.look_again_or_stop(error),
        }
    }

    fn look_further(&mut self) -> Turn<Rotated, RotateProgress> {
        let created_since = self.old.as_ref().map(|old| old.created_at);
        let list = Site::page(AppTokenFilter { created_since, ..AppTokenFilter::default() }, &self.search);
        let next = self.rotate.site.request(&list);
        self.stage = Stage::LookFurther;
        self.go(next)
    }

    fn searched(&mut self, page: Page<AppToken>) -> Turn<Rotated, RotateProgress> {
        match self.search.take(page) {
            Looked::Partly => self.look_further(),
            Looked::All(Some(successor)) => {
                self.known.token = Some(successor);
                self.verify()
            }
            Looked::All(None) => {
                let next =
                    self.successor().and_then(|app_token| self.rotate.site.request(&app_token::Add { app_token }));
                self.stage = Stage::Add;
                self.go(next)
            }
        }
    }

    /// The settings of the successor.
    fn successor(&self) -> Result<NewAppToken, Error> {
        let old = self.old.as_ref().ok_or_else(|| {
            let id = &self.rotate.old;
            Error::invalid_input(format!(
                "the app token {id} is not there, and it has no successor: there is nothing to rotate"
            ))
        })?;
        let expiry = match (self.rotate.expiry, old.expiry) {
            (Some(expiry), _) => Some(expiry),
            (None, Some(expiry)) => Some(TokenExpiry::at(expiry, self.now).map_err(|_| {
                Error::invalid_input(
                    "the old token's end has passed or cannot be taken over: give the successor one of its own",
                )
            })?),
            (None, None) => None,
        };
        Ok(NewAppToken {
            expiry,
            session_type: old.session_type,
            session_user_id: old.session_user_id.clone(),
            session_duration: Some(old.longest_session()).filter(|duration| !duration.is_zero()),
            session_privileges: old.session_privileges.clone(),
            hash_type: Some(old.hash_type),
            description: Some(
                self.rotate.marker().mark(without_marks_of_rotation(old.description.as_deref().unwrap_or_default())),
            ),
        })
    }

    fn verify(&mut self) -> Turn<Rotated, RotateProgress> {
        self.stage = Stage::Verify;
        let next = self.known.login(&self.rotate.site);
        self.go(next)
    }

    fn verified(&mut self) -> Turn<Rotated, RotateProgress> {
        self.verified = true;
        self.known.in_doubt = None;
        match self.rotate.fate {
            OldToken::DeleteAfter(pause) if !self.old_is_gone => match self.delete() {
                Ok(prepared) if pause.is_zero() => Turn::Send(prepared),
                Ok(prepared) => Turn::Wait(pause, prepared),
                Err(error) => self.stop(error),
            },
            _ => self.finish(),
        }
    }

    fn delete(&mut self) -> Result<Prepared, Error> {
        let Rotate { site, old, .. } = &self.rotate;
        let deletion = Deletion::new(site.endpoint.clone(), site.admin.clone(), old.clone())?;
        let (prepared, reader) = deletion.batch.prepare()?;
        self.stage = Stage::Delete(reader, deletion.tickets);
        Ok(prepared.repeatable())
    }

    fn finish(&mut self) -> Turn<Rotated, RotateProgress> {
        match self.known.hand_over(&self.rotate.site) {
            Ok(successor) => Turn::Done(Rotated { successor, old_is_gone: self.old_is_gone }),
            Err(error) => self.stop(error),
        }
    }

    fn look_again_or_stop(&mut self, error: Error) -> Turn<Rotated, RotateProgress> {
        if error.is_transient() { self.look_again(error) } else { self.stop(error) }
    }
}

/// A description without the marks of earlier rotations, which would otherwise add up.
fn without_marks_of_rotation(description: &str) -> &str {
    description.split("[apptoken:successor-of:").next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_do_not_add_up() {
        let first = Marker::of("successor-of:0_a").mark(without_marks_of_rotation("importer [apptoken:importer]"));
        assert_eq!(first, "importer [apptoken:importer] [apptoken:successor-of:0_a]");
        let second = Marker::of("successor-of:0_b").mark(without_marks_of_rotation(&first));
        assert_eq!(second, "importer [apptoken:importer] [apptoken:successor-of:0_b]");
        assert_eq!(
            Marker::of("successor-of:0_b").mark(without_marks_of_rotation("[apptoken:successor-of:0_a]")),
            "[apptoken:successor-of:0_b]"
        );
    }
}
