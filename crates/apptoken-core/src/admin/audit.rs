//! Looking over all app tokens of an account.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use crate::api::app_token::{AppToken, AppTokenFilter, AppTokenStatus, List};
use crate::error::Error;
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Turn};
use crate::exchange::pages::{AllPages, PagesMachine};
use crate::exchange::retry::RetryPolicy;
use crate::value::hash::HashType;
use crate::value::ks::Ks;
use crate::value::printable::Printable;
use crate::value::session_type::SessionType;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

/// Reads all app tokens of an account, without their values, and says what deserves attention.
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
}

/// An app token and what deserves attention about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditedToken {
    /// The token, without its value.
    pub token: AppToken,
    /// What deserves attention; empty if nothing does.
    pub findings: Vec<Finding>,
}

/// What deserves attention about an app token. Its text says what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Its end has passed.
    Expired(UnixSeconds),
    /// It ends soon.
    ExpiresSoon(UnixSeconds),
    /// It never ends.
    NeverExpires,
    /// It is disabled.
    Disabled,
    /// Whoever holds it may start admin sessions.
    AnySessionType,
    /// Its sessions are admin sessions.
    AdminSessions,
    /// Whoever holds it chooses the user.
    AnyUser,
    /// Its hash type is not one to choose today.
    WeakHash(HashType),
    /// Its sessions last longer than a day.
    LongSessions(Duration),
    /// Its sessions have ended when they are started.
    SessionsBornExpired,
    /// A privilege that gives more than a service usually needs.
    WidePrivilege(String),
}

impl core::fmt::Display for Finding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Expired(at) => write!(f, "has expired, at {at}"),
            Self::ExpiresSoon(at) => write!(f, "expires soon, at {at}"),
            Self::NeverExpires => f.write_str("never expires"),
            Self::Disabled => f.write_str("is disabled"),
            Self::AnySessionType => f.write_str("fixes no session type: whoever holds it can start admin sessions"),
            Self::AdminSessions => f.write_str("starts admin sessions"),
            Self::AnyUser => f.write_str("fixes no user: whoever holds it chooses one"),
            Self::WeakHash(hash_type) => write!(f, "uses {hash_type}: SHA256 or SHA512 is the better choice"),
            Self::LongSessions(duration) => write!(f, "starts sessions of {} hours", duration.as_secs() / 3600),
            Self::SessionsBornExpired => {
                f.write_str("has no session duration: every session it starts has already ended")
            }
            Self::WidePrivilege(privilege) => write!(f, "gives the wide privilege {}", Printable(privilege)),
        }
    }
}

impl Audit {
    /// Looks over the account of this session: an admin session, or a role with `APP_TOKEN_BASE`.
    #[must_use]
    pub fn new(endpoint: Endpoint, admin: Ks) -> Self {
        Self { endpoint, admin, soon: Duration::from_secs(30 * 86_400), retry: RetryPolicy::default() }
    }

    /// Reports tokens that end within this time; 30 days by default.
    #[must_use]
    pub fn expiring_within(self, soon: Duration) -> Self {
        Self { soon, ..self }
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts with the first 500 tokens.
    ///
    /// # Errors
    ///
    /// None today; like every start it may refuse what cannot be sent.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        let list = List::new(AppTokenFilter::default()).without_token_values();
        let (prepared, pages) = AllPages::new(self.endpoint, list, self.admin).retry(self.retry).first()?;
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

    fn accept(&mut self, reply: &Reply<'_>, now: Moment) -> Result<Turn<Vec<AuditedToken>>, Error> {
        let (soon, today) = (self.soon, reply.server_time().unwrap_or(now.wall));
        Ok(match self.pages.accept(reply, now)? {
            Turn::Send(prepared) => Turn::Send(prepared),
            Turn::Wait(pause, prepared) => Turn::Wait(pause, prepared),
            Turn::Done(tokens) => Turn::Done(tokens.into_iter().map(|token| audited(token, soon, today)).collect()),
            Turn::Stop(error, ()) => Turn::Stop(error, ()),
        })
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<Vec<AuditedToken>> {
        Turn::Stop(error, ())
    }
}

fn audited(token: AppToken, soon: Duration, now: UnixSeconds) -> AuditedToken {
    let expiry = match token.expiry {
        None => Some(Finding::NeverExpires),
        Some(at) if at <= now => Some(Finding::Expired(at)),
        Some(at) if at <= now.plus(soon) => Some(Finding::ExpiresSoon(at)),
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
        Duration::ZERO => Some(Finding::SessionsBornExpired),
        duration if duration > A_DAY => Some(Finding::LongSessions(duration)),
        _ => None,
    };
    let findings = [expiry, status, session_type, user, hash, duration]
        .into_iter()
        .flatten()
        .chain(wide_privileges(&token))
        .collect();
    AuditedToken { token, findings }
}

const A_DAY: Duration = Duration::from_secs(86_400);

/// Privileges that reach beyond the objects of the session's user, or lift a restriction.
fn wide_privileges(token: &AppToken) -> impl Iterator<Item = Finding> + '_ {
    const ALWAYS: [&str; 7] = [
        "*",
        "all",
        "disableentitlement",
        "enablechangeaccount",
        "editadmintags",
        "edituser",
        "disablesessiontypecheck",
    ];
    const FOR_ALL: [&str; 4] = ["edit", "sview", "download", "downloadasset"];
    let privileges = token.session_privileges.iter().flatten();
    privileges.filter_map(|privilege| {
        let for_all = privilege.values().iter().any(|value| value == "*");
        let is_wide = ALWAYS.contains(&privilege.name()) || (FOR_ALL.contains(&privilege.name()) && for_all);
        is_wide.then(|| {
            let name = privilege.name().to_string();
            Finding::WidePrivilege(if for_all { name + ":*" } else { name })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_no_hidden_character() {
        let finding = Finding::WidePrivilege("a\u{202e}ll".into());
        assert_eq!(finding.to_string(), r"gives the wide privilege a\u{202e}ll");
    }
}
