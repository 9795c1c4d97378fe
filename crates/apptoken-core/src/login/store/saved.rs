//! A session as a store keeps it: one line of JSON.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::{String, ToString as _};
use core::fmt;
use core::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::api::app_token::StartedSession;
use crate::login::credential::Credential;
use crate::login::renewal::Term;
use crate::login::session::{Grant, Session};
use crate::login::store::error::{StoreError, StoreErrorKind};
use crate::login::store::key::SessionKey;
use crate::value::hash::HashType;
use crate::value::ks::Ks;
use crate::value::secrets::AppTokenSecret;
use crate::value::time::{Moment, UnixSeconds};

/// A session as a store keeps it.
#[derive(Clone)]
pub struct StoredSession {
    text: Zeroizing<String>,
    record: Record,
}

/// The version of the text's format.
const VERSION: u32 = 1;

const FORMAT: &str = "apptoken session";

/// What tells this format from everything else, also in versions to come.
#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    format: String,
    version: u32,
    key: String,
    proof: String,
    hash_type: HashType,
    /// The server's clock when it answered.
    server_time: Option<UnixSeconds>,
    /// The wall clock of the machine when the session was asked for.
    sent_at: UnixSeconds,
    #[serde(serialize_with = "with_ks")]
    session: StartedSession,
}

/// Written here and nowhere else: a session that could be serialised anywhere would end up in a log.
fn with_ks<S: Serializer>(session: &StartedSession, serializer: S) -> Result<S::Ok, S::Error> {
    let StartedSession { ks, session_type, partner_id, user_id, expiry, privileges } = session;
    let mut fields = serializer.serialize_struct("StartedSession", 6)?;
    fields.serialize_field("ks", ks.expose())?;
    fields.serialize_field("sessionType", session_type)?;
    fields.serialize_field("partnerId", partner_id)?;
    fields.serialize_field("userId", user_id)?;
    fields.serialize_field("expiry", expiry)?;
    fields.serialize_field("privileges", privileges)?;
    fields.end()
}

impl StoredSession {
    /// What to keep of a session that was started with the token of this value.
    #[must_use]
    pub fn new(key: &SessionKey, token: &AppTokenSecret, session: &Session) -> Self {
        let record = Record {
            format: FORMAT.to_owned(),
            version: VERSION,
            key: key.to_string(),
            proof: proof(session.ks(), token),
            hash_type: session.hash_type(),
            server_time: session.server_time(),
            sent_at: session.sent_at().wall,
            session: StartedSession {
                ks: session.ks().clone(),
                session_type: session.session_type(),
                partner_id: session.partner().get().into(),
                user_id: session.user_id().to_owned(),
                expiry: session.expires_at(),
                privileges: session.privileges().clone(),
            },
        };
        let text = serde_json::to_string(&record).map(Zeroizing::new).unwrap_or_default();
        Self { text, record }
    }

    /// Reads what [`expose`](Self::expose) gave.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Foreign`] if it is of another program or a later version, [`StoreErrorKind::Corrupt`] if it is
    /// damaged.
    pub fn parse(text: impl Into<String>) -> Result<Self, StoreError> {
        let text = Zeroizing::new(text.into());
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let corrupt = || StoreError::new(StoreErrorKind::Corrupt);
        match serde_json::from_str::<Heading<'_>>(&text) {
            Ok(heading) if heading.format == FORMAT && heading.version == VERSION => {}
            // A session that was cut short or overwritten with zeros is not another program's.
            Err(_) if !is_json => return Err(corrupt()),
            _ => return Err(StoreError::new(StoreErrorKind::Foreign)),
        }
        let record = serde_json::from_str(&text).map_err(|_| corrupt())?;
        Ok(Self { text, record })
    }

    /// The text to keep.
    ///
    /// # Security
    ///
    /// It holds the session's KS: whoever reads it is the session.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The session string.
    #[must_use]
    pub fn ks(&self) -> &Ks {
        &self.record.session.ks
    }

    /// Makes the session again, and how much of its life has passed.
    ///
    /// `None` if it was kept under another key or with another app token value (a session must not outlive a token that
    /// was changed), if it is of another account, or if its age is unknown because the wall clock was set back.
    #[must_use]
    pub fn restore(&self, key: &SessionKey, credential: &Credential, now: Moment) -> Option<(Session, Term)> {
        let Record { format: _, version: _, key: kept_under, proof: given, hash_type, server_time, sent_at, session } =
            &self.record;
        if *kept_under != key.to_string() || *given != proof(&session.ks, &credential.token) {
            return None;
        }
        let age = Duration::from_secs(now.wall.seconds_since(*sent_at).try_into().ok()?);
        let sent_at = Moment { wall: *sent_at, elapsed: now.elapsed };
        let grant = Grant {
            started: session.clone(),
            hash_type: *hash_type,
            server_time: *server_time,
            sent_at,
            obtained_at: sent_at,
        };
        let session = Session::from_grant(grant, credential, key.options()).ok()?;
        let server_time = session.server_time().map(|time| time.plus(age));
        let term = Term { age, server_time, known_at: now, lifetime: session.lifetime() };
        Some((session, term))
    }
}

/// Shows that the token's value is known, without revealing it.
///
/// Never a hash that Kaltura takes: it begins with other text than the KS. The KS in it makes it a different one for each
/// session.
fn proof(ks: &Ks, token: &AppTokenSecret) -> String {
    let mut digest = Sha256::new();
    for part in ["apptoken stored session", ks.expose(), token.expose()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(digest.finalize())
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("key", &self.record.key)
            .field("ks", &self.record.session.ks)
            .finish_non_exhaustive()
    }
}
