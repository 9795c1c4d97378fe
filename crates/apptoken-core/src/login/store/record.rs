//! The record of a stored session: one line of JSON that can be written only with the app token's value.

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
use crate::value::wiped::WipedText;
use crate::wire::encode::serialize_secret;
use crate::wire::lenient::number_or_string;

/// The record of a stored session, and of the widget session that the next login can start from.
///
/// It can be restored only with the app token that it was written with. A record that was changed is
/// [not authentic](StoreErrorKind::NotAuthentic).
#[derive(Clone)]
pub struct StoredSession {
    text: WipedText,
    record: Record,
    body: Body,
    /// The age by the clock of the store, which all machines share.
    age_in_store: Option<Duration>,
}

const FORMAT: &str = "apptoken session";

/// The version of the text's format.
const VERSION: u32 = 2;

/// The encoding of a record's body. A store that encrypts records can use another value; it must keep the code unchanged and
/// return the plain record to the provider.
const PLAIN: &str = "plain";

/// The fields that identify this format, also in later versions.
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
    /// JSON within JSON: the code is over exactly these characters, which a parser and serializer might change.
    body: WipedText,
    mac: String,
}

/// The body of a record.
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
    /// The wall clock of the machine when the session was requested. The monotonic clock is of no use to another process.
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
    /// The record of a session that was started with this token value, and of the widget session that its login obtained.
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
        Self { text: json(&record), record, body, age_in_store: None }
    }

    /// Reads what [`expose`](Self::expose) returned.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Foreign`] if it is of another program or another version, [`StoreErrorKind::Corrupt`] if it is
    /// damaged.
    pub fn parse(text: impl Into<String>) -> Result<Self, StoreError> {
        let text = WipedText::from(text.into());
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let (corrupt, foreign) =
            (|| StoreError::new(StoreErrorKind::Corrupt), || StoreError::new(StoreErrorKind::Foreign));
        match serde_json::from_str::<Heading<'_>>(&text) {
            Ok(heading) if heading.format == FORMAT && heading.version == VERSION => {}
            // A truncated record, or one overwritten with zeros, is a damaged one of ours rather than another program's.
            Err(_) if !is_json => return Err(corrupt()),
            _ => return Err(foreign()),
        }
        let record: Record = serde_json::from_str(&text).map_err(|_| corrupt())?;
        if record.encoding != PLAIN {
            return Err(foreign());
        }
        let body = serde_json::from_str(&record.body).map_err(|_| corrupt())?;
        Ok(Self { text, record, body, age_in_store: None })
    }

    /// Adds the greatest possible age of the session by the clock of the store, for a store whose machines may have wrong clocks.
    ///
    /// The greater of this age and the age by this machine's wall clock counts. Without it, a machine whose clock is behind the
    /// clock of the machine that logged in would use the session past its end.
    #[must_use]
    pub fn with_age(self, age: Duration) -> Self {
        Self { age_in_store: Some(age), ..self }
    }

    /// The text to store.
    ///
    /// # Security
    ///
    /// It contains the KS of the session: anyone who can read the text can use the session until it expires.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Restores the session and its term.
    ///
    /// Returns `None` if it is of another account, or if its age is unknown because the wall clock was set back.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotAuthentic`] if it was not written for this key with this app token value, or was changed since. A
    /// session must not stay in use after its token was replaced.
    pub fn restore(
        &self,
        key: &SessionKey,
        credential: &Credential,
        now: Moment,
    ) -> Result<Option<(Session, Term)>, StoreError> {
        let Body { hash_type, session, widget: _ } = self.authenticated(key, credential)?;
        let restored = session.as_ref().and_then(|session| {
            let age = self.age(session.sent_at, now)?;
            session.restore(*hash_type, key, credential, age, now)
        });
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

    /// Whether both the session and the widget session have expired, by this wall clock.
    ///
    /// It is for a store that removes such records, and does not check whether the record is authentic.
    #[must_use]
    pub fn has_ended(&self, now: UnixSeconds) -> bool {
        let Body { hash_type: _, session, widget } = &self.body;
        session.as_ref().is_none_or(|session| session.ends_at() <= now)
            && widget.as_ref().is_none_or(|widget| widget.ends_at() <= now)
    }

    /// The time from the request of the session until both it and the widget session have expired.
    ///
    /// It is for a store that limits the life of a record, and does not check whether the record is authentic.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        let Body { hash_type: _, session, widget } = &self.body;
        let session = session.as_ref().map(|session| (session.sent_at, session.ends_at()));
        let widget = widget.as_ref().map(|widget| (widget.obtained_at, widget.ends_at()));
        let begun = session.or(widget).map(|(begun, _)| begun);
        let ended = session.into_iter().chain(widget).map(|(_, end)| end).max();
        let seconds = begun.zip(ended).map_or(0, |(begun, end)| end.seconds_since(begun));
        Duration::from_secs(seconds.try_into().unwrap_or_default())
    }

    /// The greatest age since then, or `None` if it is unknown: the wall clock was set back, and the store has no clock.
    fn age(&self, since: UnixSeconds, now: Moment) -> Option<Duration> {
        age(since, now).max(self.age_in_store)
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

fn json(value: &impl Serialize) -> WipedText {
    // Serialization cannot fail here: it does only for maps with keys that are not strings.
    serde_json::to_string(value).map(WipedText::from).unwrap_or_default()
}

impl Record {
    /// An HMAC over all other fields, with a key derived from the token's value.
    ///
    /// It is never a hash that Kaltura accepts as proof of the token: that is a plain digest of a KS and the value, and whoever
    /// reads the record would have the proof.
    fn authentication_code(&self, token: &AppTokenSecret) -> String {
        let Self { format, version, key, encoding, body, mac: _ } = self;
        let derived = derived_key(token, b"apptoken store record v2");
        let fields = [format.as_str(), &version.to_string(), key, encoding, body];
        let code = fields.into_iter().fold(hmac(&*derived), |code, field| {
            // With the length before each field, no text can be moved from one field to the next.
            code.chain_update((field.len() as u64).to_be_bytes()).chain_update(field)
        });
        hex::encode(code.finalize().into_bytes())
    }
}

/// A key for this purpose, derived from the token's value.
pub(crate) fn derived_key(token: &AppTokenSecret, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(token.expose().as_bytes()).chain_update(purpose).finalize().into_bytes().into())
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
        age: Duration,
        now: Moment,
    ) -> Option<(Session, Term)> {
        let Self { sent_at, server_time, ks, session_type, partner_id, user_id, expiry, privileges } = self.clone();
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

    /// When a login can no longer start from it. From the server's response cache it comes up to 600 s old (by the code of release
    /// Venus-22.19.0).
    fn ends_at(&self) -> UnixSeconds {
        let age = if self.fresh { Duration::ZERO } else { StartWidgetSession::CACHE_LIFETIME };
        self.obtained_at.plus(StartWidgetSession::DEFAULT_LIFETIME - age - MARGIN)
    }
}

/// A login takes time, and clocks count in whole seconds.
const MARGIN: Duration = Duration::from_secs(60);

/// The time since then, or `None` if the wall clock was set back.
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
