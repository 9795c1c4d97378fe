//! A session as a store keeps it: one line of JSON that only who knows the app token's value can write.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::{String, ToString as _};
use core::fmt;
use core::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::api::app_token::StartedSession;
use crate::api::session::StartWidgetSession;
use crate::login::credential::Credential;
use crate::login::renewal::Term;
use crate::login::session::{Grant, Session};
use crate::login::store::error::{StoreError, StoreErrorKind};
use crate::login::store::key::SessionKey;
use crate::login::widget::WidgetSession;
use crate::value::hash::HashType;
use crate::value::ks::Ks;
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::encode::serialize_secret;
use crate::wire::lenient::number_or_string;

/// A session as a store keeps it, and the widget session that the next login can start from.
///
/// What it holds comes out only with the app token that it was written with: a record that somebody changed is
/// [not authentic](StoreErrorKind::NotAuthentic).
#[derive(Clone)]
pub struct StoredSession {
    text: Zeroizing<String>,
    record: Record,
    body: Body,
}

const FORMAT: &str = "apptoken session";

/// The version of the text's format.
const VERSION: u32 = 2;

/// How the body of a record is written. A store that encrypts records has an encoding of its own, keeps the code as it is,
/// and gives the provider the plain record.
const PLAIN: &str = "plain";

/// What tells this format from everything else, also in versions to come.
#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
}

/// The text of a record.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: String,
    version: u32,
    key: String,
    encoding: String,
    /// JSON in JSON: the code is over these very characters.
    body: Zeroizing<String>,
    mac: String,
}

/// What is in the body of a record.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    hash_type: HashType,
    session: Option<SessionPart>,
    widget: Option<WidgetPart>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionPart {
    /// The wall clock of the machine when the session was asked for.
    sent_at: UnixSeconds,
    /// The server's clock when it answered.
    server_time: Option<UnixSeconds>,
    #[serde(serialize_with = "serialize_secret")]
    ks: Ks,
    session_type: SessionType,
    #[serde(deserialize_with = "number_or_string")]
    partner_id: i64,
    user_id: String,
    expiry: UnixSeconds,
    privileges: Privileges,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WidgetPart {
    #[serde(serialize_with = "serialize_secret")]
    ks: Ks,
    /// The wall clock of the machine when the reply came.
    obtained_at: UnixSeconds,
    fresh: bool,
}

impl StoredSession {
    /// What to keep of a session that was started with the token of this value, and of the widget session that its login
    /// obtained.
    #[must_use]
    pub fn new(key: &SessionKey, token: &AppTokenSecret, session: &Session) -> Self {
        Self::with_widget(key, token, session, session.widget())
    }

    /// Like [`new`](Self::new), with the widget session that the next login should start from.
    #[must_use]
    pub fn with_widget(
        key: &SessionKey,
        token: &AppTokenSecret,
        session: &Session,
        widget: Option<&WidgetSession>,
    ) -> Self {
        let body = Body {
            hash_type: session.hash_type(),
            session: Some(SessionPart::of(session)),
            widget: widget.map(WidgetPart::of),
        };
        let mut record = Record {
            format: FORMAT.to_owned(),
            version: VERSION,
            key: key.to_string(),
            encoding: PLAIN.to_owned(),
            body: json(&body),
            mac: String::new(),
        };
        record.mac = record.authentication_code(token);
        Self { text: json(&record), record, body }
    }

    /// Reads what [`expose`](Self::expose) returned.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Foreign`] if it is of another program or a later version, [`StoreErrorKind::Corrupt`] if it is
    /// damaged.
    pub fn parse(text: impl Into<String>) -> Result<Self, StoreError> {
        let text = Zeroizing::new(text.into());
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let (corrupt, foreign) =
            (|| StoreError::new(StoreErrorKind::Corrupt), || StoreError::new(StoreErrorKind::Foreign));
        match serde_json::from_str::<Heading<'_>>(&text) {
            Ok(heading) if heading.format == FORMAT && heading.version == VERSION => {}
            // A record that was cut short or overwritten with zeros is not another program's.
            Err(_) if !is_json => return Err(corrupt()),
            _ => return Err(foreign()),
        }
        let record: Record = serde_json::from_str(&text).map_err(|_| corrupt())?;
        if record.encoding != PLAIN {
            return Err(foreign());
        }
        let body = serde_json::from_str(&record.body).map_err(|_| corrupt())?;
        Ok(Self { text, record, body })
    }

    /// The text to keep.
    ///
    /// # Security
    ///
    /// It holds the KS of the session: whoever can read the text can use the session until it ends.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Makes the session again, and how much of its life has passed.
    ///
    /// `None` if it is of another account, or if its age is unknown because the wall clock was set back.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotAuthentic`] if it was not written under this key with this app token value, or was changed
    /// since: a session must not outlive a token that was replaced.
    pub fn restore(
        &self,
        key: &SessionKey,
        credential: &Credential,
        now: Moment,
    ) -> Result<Option<(Session, Term)>, StoreError> {
        let Body { hash_type, session, widget: _ } = self.authenticated(key, credential)?;
        let restored = session.as_ref().and_then(|session| session.restore(*hash_type, key, credential, now));
        Ok(restored)
    }

    /// The widget session that the next login can start from, unless it ends within a minute or its age is unknown.
    ///
    /// # Errors
    ///
    /// Like [`restore`](Self::restore).
    pub fn widget(
        &self,
        key: &SessionKey,
        credential: &Credential,
        now: Moment,
    ) -> Result<Option<WidgetSession>, StoreError> {
        let widget = self.authenticated(key, credential)?.widget.as_ref();
        Ok(widget.and_then(|widget| widget.restore(now)))
    }

    /// Whether neither the session nor the widget session is of use any more, by a wall clock.
    ///
    /// For a store that removes such records. It does not show that the record is authentic.
    #[must_use]
    pub fn has_ended(&self, now: UnixSeconds) -> bool {
        let Body { hash_type: _, session, widget } = &self.body;
        session.as_ref().is_none_or(|session| session.ends_at() <= now)
            && widget.as_ref().is_none_or(|widget| widget.ends_at() <= now)
    }

    fn authenticated(&self, key: &SessionKey, credential: &Credential) -> Result<&Body, StoreError> {
        let expected = self.record.authentication_code(&credential.token);
        let is_genuine: bool = expected.as_bytes().ct_eq(self.record.mac.as_bytes()).into();
        if is_genuine && self.record.key == key.to_string() {
            Ok(&self.body)
        } else {
            Err(StoreError::new(StoreErrorKind::NotAuthentic))
        }
    }
}

fn json(value: &impl Serialize) -> Zeroizing<String> {
    // Nothing that is written here can fail: no map has a key that is not text.
    serde_json::to_string(value).map(Zeroizing::new).unwrap_or_default()
}

impl Record {
    /// A code over all other fields, under a key that only who knows the token's value can have.
    ///
    /// Never a hash that Kaltura accepts as proof of the token: that is a plain digest of a KS and the value.
    fn authentication_code(&self, token: &AppTokenSecret) -> String {
        let Self { format, version, key, encoding, body, mac: _ } = self;
        let derived = Zeroizing::new(<[u8; 32]>::from(
            hmac(token.expose().as_bytes()).chain_update(b"apptoken store record v2").finalize().into_bytes(),
        ));
        let fields = [format.as_str(), &version.to_string(), key, encoding, body];
        let code = fields.into_iter().fold(hmac(&*derived), |code, field| {
            // With its length before it no field can pass for the end of another.
            code.chain_update((field.len() as u64).to_be_bytes()).chain_update(field)
        });
        hex::encode(code.finalize().into_bytes())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

impl SessionPart {
    fn of(session: &Session) -> Self {
        Self {
            sent_at: session.sent_at().wall,
            server_time: session.server_time(),
            ks: session.ks().clone(),
            session_type: session.session_type(),
            partner_id: session.partner().get().into(),
            user_id: session.user_id().to_owned(),
            expiry: session.expires_at(),
            privileges: session.privileges().clone(),
        }
    }

    fn restore(
        &self,
        hash_type: HashType,
        key: &SessionKey,
        credential: &Credential,
        now: Moment,
    ) -> Option<(Session, Term)> {
        let Self { sent_at, server_time, ks, session_type, partner_id, user_id, expiry, privileges } = self.clone();
        let age = age(sent_at, now)?;
        let sent_at = Moment { wall: sent_at, elapsed: now.elapsed };
        let started = StartedSession { ks, session_type, partner_id, user_id, expiry, privileges };
        let grant = Grant { started, hash_type, server_time, sent_at, obtained_at: sent_at };
        let session = Session::from_grant(grant, credential, key.options()).ok()?;
        let server_time = session.server_time().map(|time| time.plus(age));
        let term = Term { age, server_time, known_at: now, lifetime: session.lifetime() };
        Some((session, term))
    }

    /// By the wall clock of the machine.
    fn ends_at(&self) -> UnixSeconds {
        let began = self.server_time.unwrap_or(self.sent_at);
        let lifetime = self.expiry.seconds_since(began).try_into().unwrap_or_default();
        self.sent_at.plus(Duration::from_secs(lifetime))
    }
}

impl WidgetPart {
    fn of(widget: &WidgetSession) -> Self {
        let WidgetSession { ks, obtained_at, fresh } = widget;
        Self { ks: ks.clone(), obtained_at: obtained_at.wall, fresh: *fresh }
    }

    fn restore(&self, now: Moment) -> Option<WidgetSession> {
        let Self { ks, obtained_at, fresh } = self;
        let age = age(*obtained_at, now)?;
        let obtained_at = Moment { wall: *obtained_at, elapsed: now.elapsed.saturating_sub(age) };
        let is_good = now.wall < self.ends_at();
        is_good.then(|| WidgetSession { ks: ks.clone(), obtained_at, fresh: *fresh })
    }

    /// When it is not worth starting from any more. Out of the server's response cache it comes at an age.
    fn ends_at(&self) -> UnixSeconds {
        let age = if self.fresh { Duration::ZERO } else { StartWidgetSession::CACHE_LIFETIME };
        self.obtained_at.plus(StartWidgetSession::DEFAULT_LIFETIME - age - MARGIN)
    }
}

/// A login takes some time, and clocks count in whole seconds.
const MARGIN: Duration = Duration::from_secs(60);

/// Unknown if the wall clock was set back.
fn age(since: UnixSeconds, now: Moment) -> Option<Duration> {
    now.wall.seconds_since(since).try_into().ok().map(Duration::from_secs)
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession").field("key", &self.record.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
