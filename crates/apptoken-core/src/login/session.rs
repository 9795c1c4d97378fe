//! The session that a login returns.

use alloc::string::String;
use core::time::Duration;

use crate::api::app_token::{SessionOptions, StartedSession};
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::login::credential::Credential;
use crate::login::widget::WidgetSession;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::time::{Moment, UnixSeconds};

/// What the server granted, and when: a [`Session`] that is not yet checked against what was requested.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The reply of `appToken.startSession`.
    pub started: StartedSession,
    /// The hash type that the server accepted.
    pub hash_type: HashType,
    /// The server's clock when it answered, if it reported it.
    pub server_time: Option<UnixSeconds>,
    /// The earliest time at which the request can have been sent, on the caller's clocks.
    pub sent_at: Moment,
    /// When the reply was received, on the caller's clocks.
    pub obtained_at: Moment,
}

/// A session that was started with an app token, as the server described it.
#[derive(Clone, Debug)]
pub struct Session {
    ks: Ks,
    partner: PartnerId,
    app_token: AppTokenId,
    hash_type: HashType,
    user_id: String,
    session_type: SessionType,
    privileges: Privileges,
    expires_at: UnixSeconds,
    server_time: Option<UnixSeconds>,
    sent_at: Moment,
    obtained_at: Moment,
    requested_lifetime: Option<Duration>,
    changes: Changes,
    widget: Option<WidgetSession>,
}

/// The differences between what was requested and what the server granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The session expires earlier than requested, because of the token's `sessionDuration` or its own expiry.
    pub shortened: Option<ShortenedLifetime>,
    /// The requested user, if the session is of another one because the token fixes the user.
    pub requested_user: Option<String>,
    /// The requested type, if the session has another one because the token fixes the type.
    pub requested_type: Option<SessionType>,
    /// The requested privileges that the server silently dropped.
    pub dropped_privileges: Privileges,
}

/// A requested lifetime that the server shortened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortenedLifetime {
    /// The requested lifetime.
    pub requested: Duration,
    /// The granted lifetime, by the server's clock.
    pub granted: Duration,
}

impl Changes {
    /// Whether everything is as requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn between(requested: &SessionOptions, started: &StartedSession, server_time: Option<UnixSeconds>) -> Self {
        let granted = server_time
            .map(|now| Duration::from_secs(started.expiry.seconds_since(now).try_into().unwrap_or_default()));
        Self {
            shortened: match (requested.lifetime, granted) {
                (Some(requested), Some(granted)) if granted + TOLERANCE < requested => {
                    Some(ShortenedLifetime { requested, granted })
                }
                _ => None,
            },
            requested_user: requested.user_id.clone().filter(|user_id| *user_id != started.user_id),
            requested_type: requested.session_type.filter(|session_type| *session_type != started.session_type),
            dropped_privileges: requested
                .privileges
                .as_ref()
                .map(|privileges| privileges.without(&started.privileges))
                .unwrap_or_default(),
        }
    }
}

/// Why a session of the right account is the wrong one, if it is.
fn wrong_session(
    privileges: &Privileges,
    app_token: &AppTokenId,
    changes: &Changes,
    requested: &SessionOptions,
) -> Option<&'static str> {
    // Every session of an app token has the privilege `apptoken:<id>` (observed on release Venus-22.19.0). The server
    // takes the id in either case.
    let of_other_token =
        privileges.values("apptoken").is_some_and(|mut ids| !ids.any(|id| id.eq_ignore_ascii_case(app_token.as_str())));
    match changes {
        _ if of_other_token => Some("the session in the reply was started with another app token"),
        Changes { requested_user: Some(_), .. } if !requested.token_may_override => {
            Some("the session in the reply is of another user than requested")
        }
        Changes { requested_type: Some(_), .. } if !requested.token_may_override => {
            Some("the session in the reply is of another type than requested")
        }
        _ => None,
    }
}

/// The server computes the expiry some time before it writes the time into the reply's header, so the granted lifetime seems
/// shorter than it is.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Session {
    /// Checks what the server granted, for a session that was not started by a [`Login`](crate::Login) but in a batch or by
    /// another process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongPartner`] if it is of another account, [`ErrorKind::WrongSession`] if it is of another app token, or
    /// of another user or type than requested, [`ErrorKind::AlreadyExpired`] if it had expired when the
    /// server answered.
    pub fn from_grant(grant: Grant, credential: &Credential, requested: &SessionOptions) -> Result<Self, Error> {
        let Grant { started, hash_type, server_time, sent_at, obtained_at } = grant;
        if started.partner_id != i64::from(credential.partner.get()) {
            return Err(Error::new(ErrorKind::WrongPartner));
        }
        if server_time.is_some_and(|now| started.expiry <= now) {
            return Err(Error::new(ErrorKind::AlreadyExpired));
        }
        let changes = Changes::between(requested, &started, server_time);
        if let Some(what) = wrong_session(&started.privileges, &credential.id, &changes, requested) {
            return Err(Error::new(ErrorKind::WrongSession).detail(what));
        }
        let StartedSession { ks, session_type, partner_id: _, user_id, expiry, privileges } = started;
        Ok(Self {
            ks,
            partner: credential.partner,
            app_token: credential.id.clone(),
            hash_type,
            user_id,
            session_type,
            privileges,
            expires_at: expiry,
            server_time,
            sent_at,
            obtained_at,
            requested_lifetime: requested.lifetime,
            changes,
            widget: None,
        })
    }

    pub(super) fn set_widget(&mut self, widget: Option<WidgetSession>) {
        self.widget = widget;
    }

    /// The session string, to be sent as `ks`.
    #[must_use]
    pub fn ks(&self) -> &Ks {
        &self.ks
    }

    /// The account.
    #[must_use]
    pub fn partner(&self) -> PartnerId {
        self.partner
    }

    /// The id of the app token that it was started with.
    #[must_use]
    pub fn app_token(&self) -> &AppTokenId {
        &self.app_token
    }

    /// The hash type that the server accepted: the detected one, or the one of the credential.
    #[must_use]
    pub fn hash_type(&self) -> HashType {
        self.hash_type
    }

    /// The user; an empty string if the session has none.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The type of the session.
    #[must_use]
    pub fn session_type(&self) -> SessionType {
        self.session_type
    }

    /// The privileges, among them `sessionid` and `apptoken` with the token's id.
    #[must_use]
    pub fn privileges(&self) -> &Privileges {
        &self.privileges
    }

    /// When it expires, by the server's clock; see [`server_time`](Self::server_time).
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.expires_at
    }

    /// The earliest time at which it can have started, on the caller's clocks: when its request was sent.
    #[must_use]
    pub fn sent_at(&self) -> Moment {
        self.sent_at
    }

    /// The server's clock when it answered, if it reported it.
    #[must_use]
    pub fn server_time(&self) -> Option<UnixSeconds> {
        self.server_time
    }

    /// When the reply was received, on the caller's clocks.
    #[must_use]
    pub fn obtained_at(&self) -> Moment {
        self.obtained_at
    }

    /// Its lifetime from the reply to its expiry, by the server's clock if that is known.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        let started_at = self.server_time.unwrap_or(self.obtained_at.wall);
        Duration::from_secs(self.expires_at.seconds_since(started_at).try_into().unwrap_or_default())
    }

    /// The requested lifetime, if one was requested.
    #[must_use]
    pub fn requested_lifetime(&self) -> Option<Duration> {
        self.requested_lifetime
    }

    /// The differences between what was requested and what the server granted.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The widget session that the login obtained, if it needed one. The next login can start from it.
    #[must_use]
    pub fn widget(&self) -> Option<&WidgetSession> {
        self.widget.as_ref()
    }
}
