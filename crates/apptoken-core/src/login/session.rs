//! What a login ends with.

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

/// What the server granted, and when: a [`Session`] that is still to be checked against what was asked.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The reply of `appToken.startSession`.
    pub started: StartedSession,
    /// The hash type that the server accepted.
    pub hash_type: HashType,
    /// The server's clock when it answered, if it told.
    pub server_time: Option<UnixSeconds>,
    /// The earliest time at which the request can have been sent, by the caller's clocks.
    pub sent_at: Moment,
    /// The caller's clocks when the reply was received.
    pub obtained_at: Moment,
}

/// A session that an app token gave, as the server described it.
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

/// Where the server gave something else than was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The session ends earlier than asked, because of the token's `sessionDuration` or its own end.
    pub shortened: Option<ShortenedLifetime>,
    /// The user that was asked for, if the session is of another because the token fixes it.
    pub requested_user: Option<String>,
    /// The type that was asked for, if the session has the other because the token fixes it.
    pub requested_type: Option<SessionType>,
    /// The privileges that were asked and silently dropped.
    pub dropped_privileges: Privileges,
}

/// A lifetime that was asked, and what was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortenedLifetime {
    /// What was asked.
    pub asked: Duration,
    /// What was granted, by the server's clock.
    pub granted: Duration,
}

impl Changes {
    /// Whether everything is as asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn between(asked: &SessionOptions, started: &StartedSession, server_time: Option<UnixSeconds>) -> Self {
        let granted = server_time
            .map(|now| Duration::from_secs(started.expiry.seconds_since(now).try_into().unwrap_or_default()));
        Self {
            shortened: match (asked.lifetime, granted) {
                (Some(asked), Some(granted)) if granted + TOLERANCE < asked => {
                    Some(ShortenedLifetime { asked, granted })
                }
                _ => None,
            },
            requested_user: asked.user_id.clone().filter(|user_id| *user_id != started.user_id),
            requested_type: asked.session_type.filter(|session_type| *session_type != started.session_type),
            dropped_privileges: asked
                .privileges
                .as_ref()
                .map(|privileges| privileges.without(&started.privileges))
                .unwrap_or_default(),
        }
    }
}

/// What is wrong with a session that is of the right account.
fn wrong_session(
    privileges: &Privileges,
    app_token: &AppTokenId,
    changes: &Changes,
    asked: &SessionOptions,
) -> Option<&'static str> {
    // Every session of an app token has the privilege `apptoken:<id>` (observed on release Venus-22.19.0). The server
    // takes the id in either case.
    let of_other_token = privileges
        .values("apptoken")
        .is_some_and(|ids| !ids.iter().any(|id| id.eq_ignore_ascii_case(app_token.as_str())));
    match changes {
        _ if of_other_token => Some("the session that came back was started with another app token"),
        Changes { requested_user: Some(_), .. } if !asked.token_may_override => {
            Some("the session that came back is of another user than asked for")
        }
        Changes { requested_type: Some(_), .. } if !asked.token_may_override => {
            Some("the session that came back is of another type than asked for")
        }
        _ => None,
    }
}

/// Between the server's reckoning of the expiry and the time in its reply's header some time passes.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Session {
    /// Checks a grant, for sessions that were started otherwise than by a [`Login`](crate::Login): in a batch, or by
    /// another process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongPartner`] if it is of another account, [`ErrorKind::WrongSession`] if it is of another app token, or
    /// of another user or type than requested, [`ErrorKind::AlreadyExpired`] if it had ended when the
    /// server answered.
    pub fn from_grant(grant: Grant, credential: &Credential, asked: &SessionOptions) -> Result<Self, Error> {
        let Grant { started, hash_type, server_time, sent_at, obtained_at } = grant;
        if started.partner_id != i64::from(credential.partner.get()) {
            return Err(Error::new(ErrorKind::WrongPartner));
        }
        if server_time.is_some_and(|now| started.expiry <= now) {
            return Err(Error::new(ErrorKind::AlreadyExpired));
        }
        let changes = Changes::between(asked, &started, server_time);
        if let Some(what) = wrong_session(&started.privileges, &credential.id, &changes, asked) {
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
            requested_lifetime: asked.lifetime,
            changes,
            widget: None,
        })
    }

    pub(super) fn with_widget(self, widget: Option<WidgetSession>) -> Self {
        Self { widget, ..self }
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

    /// The token that it was started with.
    #[must_use]
    pub fn app_token(&self) -> &AppTokenId {
        &self.app_token
    }

    /// The hash type that the server accepted: what detection found, else what was given.
    #[must_use]
    pub fn hash_type(&self) -> HashType {
        self.hash_type
    }

    /// The user, or the empty text.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The kind of session.
    #[must_use]
    pub fn session_type(&self) -> SessionType {
        self.session_type
    }

    /// The privileges, among them `sessionid` and `apptoken` with the token's id.
    #[must_use]
    pub fn privileges(&self) -> &Privileges {
        &self.privileges
    }

    /// When it ends, by the server's clock; see [`server_time`](Self::server_time).
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.expires_at
    }

    /// The earliest time at which it can have begun, by the caller's clocks: when its request was sent.
    #[must_use]
    pub fn sent_at(&self) -> Moment {
        self.sent_at
    }

    /// The server's clock when it answered, if it told.
    #[must_use]
    pub fn server_time(&self) -> Option<UnixSeconds> {
        self.server_time
    }

    /// The caller's clocks when the reply was received.
    #[must_use]
    pub fn obtained_at(&self) -> Moment {
        self.obtained_at
    }

    /// How long it lasts from when it was obtained, by the server's clock where that is known.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        let began = self.server_time.unwrap_or(self.obtained_at.wall);
        Duration::from_secs(self.expires_at.seconds_since(began).try_into().unwrap_or_default())
    }

    /// The lifetime that was asked for, if one was.
    #[must_use]
    pub fn requested_lifetime(&self) -> Option<Duration> {
        self.requested_lifetime
    }

    /// Where the server gave something else than was asked.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The widget session that this login obtained, if it did: the next login can start from it.
    #[must_use]
    pub fn widget(&self) -> Option<&WidgetSession> {
        self.widget.as_ref()
    }
}
