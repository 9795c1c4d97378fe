use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use apptoken_core::value::KsVersion;
use apptoken_core::{PartnerId, UnixSeconds};

use crate::loose_comparison::compare;
use crate::session_id_hash;

/// The fields of a verified KS.
///
/// The fields are strings exactly as in the KS, because anyone who holds the secret can write any text there. `None` means
/// that the KS does not have the field. Bytes that are not UTF-8 become U+FFFD.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedKs {
    /// The format of the KS.
    pub version: KsVersion,
    /// The account; see [`partner`](Self::partner).
    pub partner_id: String,
    /// V1 only: the accounts that the session can access. The server writes the partner id again.
    pub partner_pattern: Option<String>,
    /// When the session expires, as a Unix time; see [`expires_at`](Self::expires_at).
    pub valid_until: Option<String>,
    /// The session type: 0 user, 2 admin; see [`is_admin`](Self::is_admin).
    pub session_type: Option<String>,
    /// The part that makes the KS unique. V1: usually the time with fractions of a second. V2: the random bytes in hex.
    pub rand: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The privileges as the server shows them. V2: `all:*` is shown as `*` if it is the only privilege.
    pub privileges: Option<String>,
    /// The account on whose behalf the session was created.
    pub master_partner_id: Option<String>,
    /// Any text for the use of the program that created the KS.
    pub additional_data: Option<String>,
    /// Each privilege with its values; see [`privilege`](Self::privilege). Without privileges, a KS V2 has an empty list
    /// and a KS V1 one privilege with an empty name.
    pub parsed_privileges: Vec<(String, Vec<String>)>,
    /// The key under which Kaltura revokes this session: 40 hex digits.
    ///
    /// # Security
    ///
    /// In a KS V1 this is the signature, so it gives the KS together with the other fields. `Debug` leaves it out.
    pub digest: String,
}

impl OpenedKs {
    /// The account; `None` if it is not an ordinary partner id (Kaltura's own batch sessions have -1).
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        PartnerId::parse(&self.partner_id).ok()
    }

    /// When the session expires; `None` if the field is not an integer.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.valid_until.as_deref()?.parse().ok().map(UnixSeconds)
    }

    /// Whether the server treats the session as expired. It is expired from the second of its expiry on.
    #[must_use]
    pub fn is_expired(&self, now: UnixSeconds) -> bool {
        self.valid_until.as_deref().is_none_or(|text| compare(text, now.0).is_some_and(Ordering::is_le))
    }

    /// Whether the server treats the session as an admin session: every type from 1 on.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.session_type.as_deref().is_some_and(|text| compare(text, 1).is_some_and(Ordering::is_ge))
    }

    /// Whether it is a widget session: type 0, no user, and `widget:1` in its privileges. Widget sessions cannot be revoked.
    #[must_use]
    pub fn is_widget_session(&self) -> bool {
        let is_user_type =
            self.session_type.as_deref().is_none_or(|text| compare(text, 0).is_some_and(Ordering::is_eq));
        is_user_type
            && self.is_anonymous_session()
            // The server searches the whole text, so `widget:10` counts too.
            && self.privileges.as_deref().is_some_and(|text| text.contains("widget:1"))
    }

    /// Whether the session has no user: no field, an empty string, or `0`.
    #[must_use]
    pub fn is_anonymous_session(&self) -> bool {
        matches!(self.user_id.as_deref(), None | Some("" | "0"))
    }

    /// The values of the privilege `name`, if it exists; empty if the privilege is only a name.
    #[must_use]
    pub fn privilege(&self, name: &str) -> Option<&[String]> {
        self.parsed_privileges.iter().find(|(existing, _)| existing == name).map(|(_, values)| values.as_slice())
    }

    /// The key under which Kaltura revokes all sessions with the same `sessionid` privilege, if this one has it.
    #[must_use]
    pub fn session_id_hash(&self) -> Option<String> {
        // The server uses only the first value. The privileges of an app token can add further values.
        let session_id = self.privilege("sessionid")?.first()?;
        Some(session_id_hash(&self.partner_id, session_id))
    }
}

impl fmt::Debug for OpenedKs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            partner_id,
            partner_pattern,
            valid_until,
            session_type,
            rand,
            user_id,
            privileges,
            master_partner_id,
            additional_data,
            parsed_privileges: _,
            digest: _,
        } = self;
        f.debug_struct("OpenedKs")
            .field("version", version)
            .field("partner_id", partner_id)
            .field("partner_pattern", partner_pattern)
            .field("valid_until", valid_until)
            .field("session_type", session_type)
            .field("rand", rand)
            .field("user_id", user_id)
            .field("privileges", privileges)
            .field("master_partner_id", master_partner_id)
            .field("additional_data", additional_data)
            .finish_non_exhaustive()
    }
}
