use std::fmt;

use apptoken_core::app_token::StartedSession;
use apptoken_core::{AppTokenSecret, Grant, HashType, Ks, Moment, Privileges, Session, SessionType, UnixSeconds};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{SessionKey, StoreError, StoreErrorKind};

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
    format: std::borrow::Cow<'a, str>,
    version: u32,
}

#[derive(Clone, Deserialize)]
struct Record {
    key: String,
    proof: String,
    #[serde(rename = "hashType")]
    hash_type: String,
    /// The server's clock when it answered.
    #[serde(rename = "serverTime")]
    server_time: Option<i64>,
    /// The date of the machine when the session was asked for.
    #[serde(rename = "sentAt")]
    sent_at: i64,
    session: StartedSession,
}

#[derive(Serialize)]
struct Text<'a> {
    format: &'a str,
    version: u32,
    key: &'a str,
    proof: &'a str,
    #[serde(rename = "hashType")]
    hash_type: &'a str,
    #[serde(rename = "serverTime")]
    server_time: Option<i64>,
    #[serde(rename = "sentAt")]
    sent_at: i64,
    session: SessionText<'a>,
}

/// Read again as a `StartedSession`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionText<'a> {
    ks: &'a str,
    session_type: SessionType,
    partner_id: u32,
    user_id: &'a str,
    expiry: i64,
    privileges: &'a Privileges,
}

impl StoredSession {
    /// What to keep of a session that was asked for at `sent_at` with the token of this value.
    pub(crate) fn new(key: &SessionKey, token: &AppTokenSecret, session: &Session, sent_at: Moment) -> Option<Self> {
        let text = Text {
            format: FORMAT,
            version: VERSION,
            key: &key.to_string(),
            proof: &proof(session.ks(), token),
            hash_type: session.hash_type().as_str(),
            server_time: session.server_time().map(|time| time.0),
            sent_at: sent_at.wall.0,
            session: SessionText {
                ks: session.ks().expose(),
                session_type: session.session_type(),
                partner_id: session.partner().get(),
                user_id: session.user_id(),
                expiry: session.expires_at().0,
                privileges: session.privileges(),
            },
        };
        Self::parse(serde_json::to_string(&text).ok()?).ok()
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
            // A session that was cut short or overwritten with zeros is no other program's.
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

    /// Whether it was kept under this key, and with an app token of this value: a session must not outlive a token that
    /// was changed.
    pub(crate) fn belongs_to(&self, key: &SessionKey, token: &AppTokenSecret) -> bool {
        self.record.key == key.to_string() && self.record.proof == proof(&self.record.session.ks, token)
    }

    pub(crate) fn ks(&self) -> &Ks {
        &self.record.session.ks
    }

    /// The date of the machine when the session was asked for.
    pub(crate) fn sent_at(&self) -> UnixSeconds {
        UnixSeconds(self.record.sent_at)
    }

    pub(crate) fn grant(&self, obtained_at: Moment) -> Option<Grant> {
        let hash_type: HashType = self.record.hash_type.parse().ok()?;
        let server_time = self.record.server_time.map(UnixSeconds);
        Some(Grant { started: self.record.session.clone(), hash_type, server_time, obtained_at })
    }
}

/// Shows that the token's value is known, without telling it.
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
