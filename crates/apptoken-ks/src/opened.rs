use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use apptoken_core::value::KsVersion;
use apptoken_core::{PartnerId, UnixSeconds};

use crate::loose::compare;
use crate::session_id_hash;

/// What a genuine KS says.
///
/// The fields are texts, as they stand in the KS; whoever holds the secret can put anything there. `None` is a field
/// that the KS does not have. Bytes that are not UTF-8 show as U+FFFD.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedKs {
    /// The format of the KS.
    pub version: KsVersion,
    /// The account; see [`partner`](Self::partner).
    pub partner_id: String,
    /// V1 only: the accounts that the session may act on. The server writes the partner id again.
    pub partner_pattern: Option<String>,
    /// When the session ends, in Unix seconds; see [`expires_at`](Self::expires_at).
    pub valid_until: Option<String>,
    /// The number of the session type: 0 user, 2 admin; see [`is_admin`](Self::is_admin).
    pub session_type: Option<String>,
    /// What makes the KS unique. V1: usually the time with fractions. V2: the random bytes in hex.
    pub rand: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The privileges as the server shows them. V2: the only privilege `all:*` is shown as `*`.
    pub privileges: Option<String>,
    /// The account on whose behalf the session was made.
    pub master_partner_id: Option<String>,
    /// Any text of the maker's own.
    pub additional_data: Option<String>,
    /// The privileges one by one, each with its values; see [`privilege`](Self::privilege). Empty for a KS V2 without
    /// privileges, one empty name for such a KS V1.
    pub parsed_privileges: Vec<(String, Vec<String>)>,
    /// The key under which Kaltura ends this very session: 40 hex digits.
    ///
    /// # Security
    ///
    /// In a KS V1 this is the signature: together with the other fields it is the KS. `Debug` leaves it out.
    pub digest: String,
}

impl OpenedKs {
    /// The account, unless it is something else than a usual partner id (Kaltura's own batch sessions have -1).
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        PartnerId::parse(&self.partner_id).ok()
    }

    /// When the session ends, if that is a whole number.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.valid_until.as_deref()?.parse().ok().map(UnixSeconds)
    }

    /// Whether the server takes the session as ended. It has ended in the very second of its expiry.
    #[must_use]
    pub fn is_expired(&self, now: UnixSeconds) -> bool {
        self.valid_until.as_deref().is_none_or(|text| compare(text, now.0).is_some_and(Ordering::is_le))
    }

    /// Whether the server takes it for an admin session: any type from 1 on.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.session_type.as_deref().is_some_and(|text| compare(text, 1).is_some_and(Ordering::is_ge))
    }

    /// Whether it is a widget session: type 0, no user, and `widget:1` in its privileges. These are never ended early.
    #[must_use]
    pub fn is_widget_session(&self) -> bool {
        let of_type_0 = self.session_type.as_deref().is_none_or(|text| compare(text, 0).is_some_and(Ordering::is_eq));
        of_type_0
            && self.is_anonymous_session()
            && self.privileges.as_deref().is_some_and(|text| text.contains("widget:1"))
    }

    /// Whether it has no user: none at all, the empty one, or `0`.
    #[must_use]
    pub fn is_anonymous_session(&self) -> bool {
        matches!(self.user_id.as_deref(), None | Some("" | "0"))
    }

    /// The values of the privilege called `name`, if it is there; empty for a bare name.
    #[must_use]
    pub fn privilege(&self, name: &str) -> Option<&[String]> {
        self.parsed_privileges.iter().find(|(there, _)| there == name).map(|(_, values)| values.as_slice())
    }

    /// The key under which Kaltura ends this session together with others, if it has a `sessionid` privilege.
    #[must_use]
    pub fn session_id_hash(&self) -> Option<String> {
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
