//! Auditing all app tokens of an account.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use serde::Serialize;

use crate::api::app_token::{AppToken, AppTokenFilter, AppTokenStatus, List};
use crate::error::Error;
use crate::error::printable::Printable;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Transition};
use crate::exchange::pages::{AllPages, ListProgress, PageWatcher, PagesMachine};
use crate::exchange::retry::RetryPolicy;
use crate::value::hash::HashType;
use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::shown_time::ApproximateDuration;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::encode::serialize_seconds;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

/// Reads all app tokens of an account, without their values, and reports what needs attention.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Clock, Endpoint, Error, Ks, Transport, drive};
/// use apptoken_core::admin::Audit;
///
/// fn report(endpoint: Endpoint, admin: Ks, transport: &dyn Transport, clock: &dyn Clock) -> Result<(), Error> {
///     for audited in drive(Audit::new(endpoint, admin).start(clock.now())?, transport, clock)? {
///         for finding in &audited.findings {
///             println!("{}: {finding}", audited.token.id);
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Audit {
    endpoint: Endpoint,
    admin: Ks,
    soon: Duration,
    retry: RetryPolicy,
    watcher: PageWatcher,
}

/// An app token and the findings about it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct AuditedToken {
    /// The token, without its value.
    pub token: AppToken,
    /// What needs attention; empty if nothing does.
    pub findings: Vec<Finding>,
}

/// Something about an app token that needs attention. `Display` explains it.
///
/// `Serialize` writes an object with the name in `finding`, and in `detail` what the variant holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", content = "detail", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// It has expired.
    Expired {
        /// When it expired.
        at: UnixSeconds,
        /// When it was audited, by the server's clock.
        now: UnixSeconds,
    },
    /// It expires soon.
    ExpiresSoon {
        /// When it expires.
        at: UnixSeconds,
        /// When it was audited, by the server's clock.
        now: UnixSeconds,
    },
    /// It never expires.
    NeverExpires,
    /// It is disabled, which only Kaltura's staff can do and undo.
    Disabled,
    /// It fixes no session type, so anyone who holds it can start admin sessions.
    AnySessionType,
    /// Its sessions are admin sessions.
    AdminSessions,
    /// It fixes no user, so anyone who holds it chooses the user.
    AnyUser,
    /// Its hash type is weak: MD5 or SHA1.
    WeakHash(HashType),
    /// Its sessions last longer than a day.
    LongSessions(#[serde(serialize_with = "serialize_seconds")] Duration),
    /// Its sessions are already expired when they start.
    SessionsAlreadyExpired,
    /// It grants a privilege that a service rarely needs.
    BroadPrivilege(String),
}

impl core::fmt::Display for Finding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Expired { at, now } => write!(f, "expired {}, at {at}", at.relative_to(*now)),
            Self::ExpiresSoon { at, now } => write!(f, "expires {}, at {at}", at.relative_to(*now)),
            Self::NeverExpires => f.write_str("never expires"),
            Self::Disabled => f.write_str("is disabled"),
            Self::AnySessionType => f.write_str("fixes no session type: anyone who holds it can start admin sessions"),
            Self::AdminSessions => f.write_str("starts admin sessions"),
            Self::AnyUser => f.write_str("fixes no user: anyone who holds it can choose one"),
            Self::WeakHash(hash_type) => write!(f, "uses {hash_type}, which is weak: use SHA256 or SHA512"),
            Self::LongSessions(duration) => write!(f, "starts sessions of {}", ApproximateDuration(*duration)),
            Self::SessionsAlreadyExpired => {
                f.write_str("has no session duration: every session that it starts is already expired")
            }
            Self::BroadPrivilege(privilege) => write!(f, "grants the broad privilege {}", Printable(privilege)),
        }
    }
}

impl Audit {
    /// Audits the account of the given session, which must be an admin session or have a role with `APP_TOKEN_BASE`.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks) -> Self {
        let (soon, watcher) = (Duration::from_secs(30 * 86_400), PageWatcher::default());
        Self { endpoint, admin, soon, retry: RetryPolicy::default(), watcher }
    }

    /// Reports tokens that expire within this time; 30 days by default.
    #[must_use]
    pub fn expiring_within(self, soon: Duration) -> Self {
        Self { soon, ..self }
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Calls this after each page of tokens, for a display of progress.
    #[must_use]
    pub fn on_page(self, page_read: impl Fn(ListProgress) + Send + Sync + 'static) -> Self {
        Self { watcher: PageWatcher::new(page_read), ..self }
    }

    /// Starts with the first 500 tokens.
    ///
    /// # Errors
    ///
    /// None at present; a later version may refuse input that cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let list = List::new(AppTokenFilter::default()).without_token_values();
        let pages = AllPages::new(self.endpoint, list, self.admin).retry(self.retry).watched_by(self.watcher);
        let (prepared, pages) = pages.first()?;
        Ok(Exchange::start(AuditMachine { pages, soon: self.soon }, prepared, now))
    }
}

impl Flow for Audit {
    type Output = Vec<AuditedToken>;
    type Progress = ();
    type Machine = AuditMachine;

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
pub struct AuditMachine {
    pages: PagesMachine<List>,
    soon: Duration,
}

impl Machine for AuditMachine {
    type Output = Vec<AuditedToken>;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        self.pages.policy()
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, now: Moment) -> Result<Transition<Vec<AuditedToken>>, Error> {
        // Expiry is a time of the server's clock; the caller's clock may be skewed.
        let (soon, server_now) = (self.soon, reply.server_time().unwrap_or(now.wall));
        Ok(match self.pages.accept(reply, now)? {
            Transition::Send(prepared) => Transition::Send(prepared),
            Transition::Wait(pause, prepared) => Transition::Wait(pause, prepared),
            Transition::Done(tokens) => {
                Transition::Done(tokens.into_iter().map(|token| audit_token(token, soon, server_now)).collect())
            }
            Transition::Stop(error, ()) => Transition::Stop(error, ()),
        })
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<Vec<AuditedToken>> {
        Transition::Stop(error, ())
    }
}

fn audit_token(token: AppToken, soon: Duration, now: UnixSeconds) -> AuditedToken {
    let expiry = match token.expiry {
        None => Some(Finding::NeverExpires),
        Some(at) if at <= now => Some(Finding::Expired { at, now }),
        Some(at) if at <= now.plus(soon) => Some(Finding::ExpiresSoon { at, now }),
        Some(_) => None,
    };
    let status = (token.status != AppTokenStatus::Active).then_some(Finding::Disabled);
    let session_type = match token.session_type {
        None => Some(Finding::AnySessionType),
        Some(SessionType::Admin) => Some(Finding::AdminSessions),
        Some(SessionType::User) => None,
    };
    let user = token.session_user_id.is_none().then_some(Finding::AnyUser);
    let hash = matches!(token.hash_type, HashType::Md5 | HashType::Sha1).then_some(Finding::WeakHash(token.hash_type));
    let duration = match token.longest_session() {
        Duration::ZERO => Some(Finding::SessionsAlreadyExpired),
        duration if duration > DAY => Some(Finding::LongSessions(duration)),
        _ => None,
    };
    let findings = [expiry, status, session_type, user, hash, duration]
        .into_iter()
        .flatten()
        .chain(broad_privileges(&token))
        .collect();
    AuditedToken { token, findings }
}

const DAY: Duration = Duration::from_secs(86_400);

/// The privileges that give access beyond the objects of the session's user, or that lift a restriction.
fn broad_privileges(token: &AppToken) -> impl Iterator<Item = Finding> + '_ {
    const BROAD: [&str; 7] = [
        "*",
        "all",
        "disableentitlement",
        "enablechangeaccount",
        "editadmintags",
        "edituser",
        "disablesessiontypecheck",
    ];
    // With the value `*` these apply to every entry; with an id only to that entry. `list:*` is the usual way to list
    // objects of other users, so it is not reported.
    const BROAD_WITH_ASTERISK: [&str; 4] = ["edit", "sview", "download", "downloadasset"];
    let privileges = token.session_privileges.iter().flat_map(Privileges::iter);
    privileges.filter_map(|privilege| {
        let for_all = privilege.values().any(|value| value == "*");
        let is_broad =
            BROAD.contains(&privilege.name()) || (BROAD_WITH_ASTERISK.contains(&privilege.name()) && for_all);
        is_broad.then(|| {
            let name = privilege.name().to_string();
            Finding::BroadPrivilege(if for_all { name + ":*" } else { name })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_no_hidden_character() {
        let finding = Finding::BroadPrivilege("a\u{202e}ll".into());
        assert_eq!(finding.to_string(), r"grants the broad privilege a\u{202e}ll");
    }
}
