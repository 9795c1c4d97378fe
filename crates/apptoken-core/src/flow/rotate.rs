//! A successor for an app token.

use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use super::batch::BatchReader;
use super::hand_over::HandOver;
use super::machine::{Machine, Prepared, Turn, Unreadable};
use super::revoke::{Deletion, DeletionTickets, Revoked};
use super::token_search::{Looked, Marker, Search};
use super::{Batch, BatchResults, Exchange, Flow, Ticket, verify};
use crate::app_token::{self, AppToken, AppTokenFilter, NewAppToken, StartedSession, TokenExpiry};
use crate::encode::Common;
use crate::reply::Reply;
use crate::session::StartWidgetSession;
use crate::{
    ActionName, AppTokenId, Endpoint, Error, ErrorKind, KalturaCode, Ks, ListAction as _, Moment, Page, PartnerId,
    RetryPolicy, UnixSeconds,
};

/// Replaces an app token: adds a successor with the same settings, proves it by a login, then deletes the old one.
///
/// The old token is deleted only when the successor works, so a failure loses nothing; its sessions end with it. The flow
/// can be stopped anywhere and run again: the successor is known by a mark in its description. Four requests.
///
/// # Examples
///
/// ```
/// use apptoken_core::{AppTokenId, Clock, Endpoint, Error, Ks, OldToken, PartnerId, Rotate, Rotated, Transport, drive};
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
    endpoint: Endpoint,
    admin: Ks,
    partner: PartnerId,
    old: AppTokenId,
    fate: OldToken,
    expiry: Option<TokenExpiry>,
    retry: RetryPolicy,
}

/// What becomes of the old token when its successor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldToken {
    /// It is deleted after this time, during which both work; at once with zero. The flow waits so long.
    DeleteAfter(Duration),
    /// It stays, to be deleted later with [`Revoke`](crate::Revoke).
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
        let fate = OldToken::DeleteAfter(Duration::ZERO);
        Self { endpoint, admin, partner, old, fate, expiry: None, retry: RetryPolicy::default() }
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
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts by looking at the old token and for a successor.
    ///
    /// # Errors
    ///
    /// None today; like every start it may refuse what cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let (prepared, stage) = self.look()?;
        let run = Run { rotate: self, facts: Facts::default(), rounds: 0, now: now.wall };
        Ok(Exchange::start(RotateMachine { run, stage }, prepared, now))
    }

    fn common(&self) -> Common<'_> {
        Common { ks: Some(&self.admin), nocache: None }
    }

    fn marker(&self) -> Marker {
        Marker::of(&format!("successor-of:{}", self.old))
    }

    /// Everything that can be known before anything is changed, in one request. A successor is younger than its old token.
    fn look(&self) -> Result<(Prepared, Stage), Error> {
        let mut batch = Batch::new(self.endpoint.clone()).with_ks(self.admin.clone());
        let old = batch.push(&app_token::Get { id: self.old.clone() })?;
        let search = Search::new(self.marker());
        let mut list = app_token::List::new(AppTokenFilter::default());
        list.turn_to(search.pager());
        let since = ("filter:createdAtGreaterThanOrEqual", old.field(&["createdAt"]));
        let tokens = batch.push_with(&list, &[since])?;
        let widget = batch.push(&StartWidgetSession::of(self.partner))?;
        let (prepared, reader) = batch.prepare()?;
        Ok((prepared, Stage::Look(Look { reader, old, tokens, widget, search })))
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
        Rotate { admin, ..self.rotate }.start(now)
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
    run: Run,
    stage: Stage,
}

/// What lasts from stage to stage.
struct Run {
    rotate: Rotate,
    facts: Facts,
    /// How often the flow has looked again, or tried the login again.
    rounds: u32,
    /// The server's clock, as far as it was told.
    now: UnixSeconds,
}

/// What is known to be there.
#[derive(Default)]
struct Facts {
    old: Option<AppToken>,
    old_is_gone: bool,
    successor: Option<AppToken>,
    verified: bool,
    in_doubt: Option<ActionName>,
}

enum Stage {
    /// What is there?
    Look(Look),
    /// Further pages of tokens.
    LookFurther { search: Search, since: Option<UnixSeconds>, widget: Ks },
    /// The successor.
    Add { widget: Ks },
    /// The login with it.
    Verify { widget: Ks },
    /// The end of the old one.
    Delete { reader: BatchReader, tickets: DeletionTickets },
}

struct Look {
    reader: BatchReader,
    old: Ticket<app_token::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
    search: Search,
}

/// A reply that was read as what its stage expects.
enum Read {
    Batch(BatchResults),
    Tokens(Page<AppToken>),
    Token(Box<AppToken>),
    Session(StartedSession),
    Deletion(Result<Revoked, Error>),
}

impl Machine<Rotate> for RotateMachine {
    fn policy(&self) -> &RetryPolicy {
        &self.run.rotate.retry
    }

    fn accept(mut self, reply: &Reply<'_>, now: Moment) -> Result<Turn<Rotate>, Unreadable<Self>> {
        let read = match &self.stage {
            Stage::Look(look) => look.reader.read(reply).map(Read::Batch),
            Stage::LookFurther { .. } => reply.parse().map(Read::Tokens),
            Stage::Add { .. } => reply.parse().map(Box::new).map(Read::Token),
            Stage::Verify { .. } => reply.parse().map(Read::Session),
            Stage::Delete { reader, tickets } => tickets.read(reader, reply).map(Read::Deletion),
        };
        match read {
            Ok(read) => {
                self.run.now = reply.server_time().unwrap_or(now.wall);
                Ok(self.take(read, reply))
            }
            Err(error) => Err(Box::new((self, error))),
        }
    }

    fn refuse(self, error: Error, _: Moment) -> Turn<Rotate> {
        let Self { mut run, stage } = self;
        match stage {
            Stage::Add { .. } if error.may_have_acted() => run.in_doubt(error),
            Stage::Verify { widget } if verify::may_lag_behind(&error) => run.verify_again(widget, error),
            Stage::Delete { .. } if error.may_have_acted() => {
                run.facts.in_doubt = error.action();
                run.stop(error)
            }
            _ => run.stop(error),
        }
    }
}

impl RotateMachine {
    fn take(self, read: Read, reply: &Reply<'_>) -> Turn<Rotate> {
        let Self { mut run, stage } = self;
        match (stage, read) {
            (Stage::Look(look), Read::Batch(results)) => run.looked(look, results),
            (Stage::LookFurther { search, since, widget }, Read::Tokens(page)) => {
                run.searched(search.take(page), since, widget)
            }
            (Stage::Add { widget }, Read::Token(token)) => {
                run.facts.successor = Some(*token);
                run.verify(widget)
            }
            (Stage::Verify { .. }, Read::Session(started)) => match verify::check(&started, reply) {
                Ok(()) => run.verified(),
                Err(error) => run.stop(error),
            },
            (Stage::Delete { .. }, Read::Deletion(Ok(Revoked { .. }))) => {
                run.facts.old_is_gone = true;
                run.finish()
            }
            (Stage::Delete { .. }, Read::Deletion(Err(error))) => run.stop(error),
            _ => run.stop(Error::new(ErrorKind::UnexpectedReply)),
        }
    }
}

impl Run {
    fn looked(mut self, look: Look, mut results: BatchResults) -> Turn<Rotate> {
        let old = results.take(look.old).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::AppTokenIdNotFound) => Ok(None),
            _ => Err(error),
        });
        let (old, widget) = match (old, results.take(look.widget)) {
            (Ok(old), Ok(widget)) => (old, widget.ks),
            (Err(error), _) | (_, Err(error)) => return self.look_again_or_stop(error),
        };
        let since = old.as_ref().map(|old| old.created_at);
        self.facts.old_is_gone = old.is_none();
        self.facts.old = old;
        if self.facts.old_is_gone {
            // Without the old token the list had no date to begin with: all tokens must be looked through.
            return self.search(look.search, since, widget);
        }
        match results.take(look.tokens) {
            Ok(page) => self.searched(look.search.take(page), since, widget),
            Err(error) => self.look_again_or_stop(error),
        }
    }

    fn search(self, search: Search, since: Option<UnixSeconds>, widget: Ks) -> Turn<Rotate> {
        let mut list = app_token::List::new(AppTokenFilter { created_since: since, ..AppTokenFilter::default() });
        list.turn_to(search.pager());
        let prepared = Prepared::new(&self.rotate.endpoint, &list, self.rotate.common());
        self.go(prepared, Stage::LookFurther { search, since, widget })
    }

    fn searched(mut self, looked: Looked, since: Option<UnixSeconds>, widget: Ks) -> Turn<Rotate> {
        match looked {
            Looked::Partly(search) => self.search(search, since, widget),
            Looked::All(Some(successor)) => {
                self.facts.successor = Some(successor);
                self.verify(widget)
            }
            Looked::All(None) => match self.successor() {
                Ok(app_token) => {
                    let prepared =
                        Prepared::new(&self.rotate.endpoint, &app_token::Add { app_token }, self.rotate.common());
                    self.go(prepared, Stage::Add { widget })
                }
                Err(error) => self.stop(error),
            },
        }
    }

    /// The settings of the successor.
    fn successor(&self) -> Result<NewAppToken, Error> {
        let old = self.facts.old.as_ref().ok_or_else(|| {
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

    fn verify(self, widget: Ks) -> Turn<Rotate> {
        let prepared = self.verification(&widget);
        self.go(prepared, Stage::Verify { widget })
    }

    fn verify_again(mut self, widget: Ks, error: Error) -> Turn<Rotate> {
        match (self.next_pause(), self.verification(&widget)) {
            (Some(pause), Ok(prepared)) => {
                Turn::Wait(pause, prepared, RotateMachine { run: self, stage: Stage::Verify { widget } })
            }
            _ => self.stop(error),
        }
    }

    fn verification(&self, widget: &Ks) -> Result<Prepared, Error> {
        let token = self.facts.successor.as_ref().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply))?;
        verify::prepare(&self.rotate.endpoint, token, widget)
    }

    fn verified(mut self) -> Turn<Rotate> {
        self.facts.verified = true;
        self.facts.in_doubt = None;
        let pause = match self.rotate.fate {
            OldToken::DeleteAfter(pause) if !self.facts.old_is_gone => pause,
            _ => return self.finish(),
        };
        let Rotate { endpoint, admin, old, .. } = &self.rotate;
        let deletion = Deletion::new(endpoint.clone(), admin.clone(), old.clone());
        match deletion.and_then(|deletion| Ok((deletion.batch.prepare()?, deletion.tickets))) {
            Ok(((prepared, reader), tickets)) => {
                let machine = RotateMachine { run: self, stage: Stage::Delete { reader, tickets } };
                let prepared = prepared.repeatable();
                if pause.is_zero() { Turn::Send(prepared, machine) } else { Turn::Wait(pause, prepared, machine) }
            }
            Err(error) => self.stop(error),
        }
    }

    fn finish(self) -> Turn<Rotate> {
        let successor = self.facts.successor.clone().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply));
        match successor.and_then(|token| HandOver::of(self.rotate.partner, token)) {
            Ok(successor) => Turn::Done(Rotated { successor, old_is_gone: self.facts.old_is_gone }),
            Err(error) => self.stop(error),
        }
    }

    fn go(self, prepared: Result<Prepared, Error>, stage: Stage) -> Turn<Rotate> {
        match prepared {
            Ok(prepared) => Turn::Send(prepared, RotateMachine { run: self, stage }),
            Err(error) => self.stop(error),
        }
    }

    /// After a change whose outcome is unknown: what is there now tells.
    fn in_doubt(mut self, error: Error) -> Turn<Rotate> {
        self.facts.in_doubt = error.action();
        self.look_again(error)
    }

    fn look_again_or_stop(self, error: Error) -> Turn<Rotate> {
        if error.is_transient() { self.look_again(error) } else { self.stop(error) }
    }

    fn look_again(mut self, error: Error) -> Turn<Rotate> {
        match (self.next_pause(), self.rotate.look()) {
            (Some(pause), Ok((prepared, stage))) => Turn::Wait(pause, prepared, RotateMachine { run: self, stage }),
            _ => self.stop(error),
        }
    }

    fn next_pause(&mut self) -> Option<Duration> {
        self.rounds = self.rounds.saturating_add(1);
        self.rotate.retry.wait_after(self.rounds, Duration::ZERO)
    }

    fn stop(self, error: Error) -> Turn<Rotate> {
        let Self { rotate, facts, .. } = self;
        let progress = RotateProgress {
            successor: facts.successor.map(|token| token.id),
            verified: facts.verified,
            old_is_gone: facts.old_is_gone,
            in_doubt: facts.in_doubt,
            rotate,
        };
        Turn::Stop(error, progress)
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
