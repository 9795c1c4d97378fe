//! What an administrator gives to the user of a new app token.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use serde::Serialize;

use crate::api::app_token::AppToken;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::error::printable::Printable;
use crate::login::credential::Credential;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::shown_time::ApproximateDuration;
use crate::value::time::UnixSeconds;
use crate::wire::encode::serialize_seconds;

/// A new app token that a login has verified, and everything that its user must know.
///
/// `Display` writes a summary to hand over, without the token's value: [`AppTokenSecret::expose`] returns that, and it
/// should be sent over a separate channel. `Serialize` writes the same without the value, with durations in seconds and times
/// as Unix times.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Handover {
    /// The account.
    pub partner: PartnerId,
    /// The token's id.
    pub id: AppTokenId,
    /// The token's value.
    #[serde(skip)]
    pub token: AppTokenSecret,
    /// The token's hash type.
    pub hash_type: HashType,
    /// The user of the token's sessions, if the token fixes one.
    pub user_id: Option<String>,
    /// The type of the token's sessions, if the token fixes one.
    pub session_type: Option<SessionType>,
    /// The longest lifetime of the token's sessions.
    #[serde(serialize_with = "serialize_seconds")]
    pub session_duration: Duration,
    /// The privileges of the token's sessions, besides `sessionid` and `apptoken`, which the server adds to each.
    pub privileges: Privileges,
    /// When the token itself expires; never if absent.
    pub expiry: Option<UnixSeconds>,
}

impl Handover {
    pub(super) fn of(partner: PartnerId, token: AppToken) -> Result<Self, Error> {
        let session_duration = token.longest_session();
        Ok(Self {
            partner,
            id: token.id,
            token: token.token.ok_or_else(|| {
                Error::new(ErrorKind::UnexpectedReply).detail("the reply contains the app token without its value")
            })?,
            hash_type: token.hash_type,
            user_id: token.session_user_id,
            session_type: token.session_type,
            session_duration,
            privileges: token.session_privileges.unwrap_or_default(),
            expiry: token.expiry,
        })
    }

    /// The credential for a [`Login`](crate::Login) with the token.
    #[must_use]
    pub fn credential(&self) -> Credential {
        Credential::new(self.partner, self.id.clone(), self.token.clone(), self.hash_type)
    }
}

impl fmt::Display for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partner, id, token: _, hash_type, user_id, session_type, session_duration, privileges, expiry } =
            self;
        writeln!(f, "partner id        {partner}")?;
        writeln!(f, "app token id      {id}")?;
        writeln!(f, "hash type         {hash_type}")?;
        writeln!(f, "user              {}", Printable(user_id.as_deref().unwrap_or("any")))?;
        match session_type {
            Some(session_type) => writeln!(f, "session type      {session_type:?}")?,
            None => writeln!(f, "session type      any")?,
        }
        writeln!(f, "longest session   {}", ApproximateDuration(*session_duration))?;
        if privileges.is_empty() {
            writeln!(f, "privileges        none")?;
        } else {
            writeln!(f, "privileges        {}", Printable(privileges))?;
        }
        match expiry {
            Some(expiry) => write!(f, "token expires     {expiry}"),
            None => f.write_str("token expires     never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_sheet_shows_no_hidden_character() {
        let hidden = "\u{202e}\u{200b}\u{e0041}\u{1b}";
        let sheet = Handover {
            partner: PartnerId::new(101).unwrap(),
            id: AppTokenId::parse("1_a").unwrap(),
            token: AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap(),
            hash_type: HashType::Sha256,
            user_id: Some(format!("al{hidden}ice")),
            session_type: None,
            session_duration: Duration::ZERO,
            privileges: Privileges::parse(&format!("list:{hidden}")),
            expiry: None,
        };
        for shown in [format!("{sheet}"), format!("{sheet:?}"), format!("{sheet:#?}")] {
            assert!(!shown.contains(|c| hidden.contains(c)) && shown.contains(r"al\u{202e}\u{200b}"), "{shown:?}");
        }
    }

    #[test]
    fn a_sheet_as_json_has_everything_but_the_value() {
        let sheet = Handover {
            partner: PartnerId::new(101).unwrap(),
            id: AppTokenId::parse("1_a").unwrap(),
            token: AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap(),
            hash_type: HashType::Sha256,
            user_id: Some("alice".into()),
            session_type: Some(SessionType::User),
            session_duration: Duration::from_secs(3600),
            privileges: Privileges::parse("list:*"),
            expiry: Some(UnixSeconds(1_795_230_763)),
        };
        let expected = serde_json::json!({
            "partner": 101, "id": "1_a", "hashType": "SHA256", "userId": "alice", "sessionType": 0,
            "sessionDuration": 3600, "privileges": "list:*", "expiry": 1_795_230_763,
        });
        assert_eq!(serde_json::to_value(&sheet).unwrap(), expected);
    }

    #[test]
    fn a_sheet_names_what_is_not_restricted() {
        let sheet = Handover {
            partner: PartnerId::new(101).unwrap(),
            id: AppTokenId::parse("1_a").unwrap(),
            token: AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap(),
            hash_type: HashType::Sha256,
            user_id: None,
            session_type: None,
            session_duration: Duration::from_secs(60),
            privileges: Privileges::new(),
            expiry: None,
        };
        let shown = format!("{sheet}");
        for line in
            ["user              any", "session type      any", "privileges        none", "token expires     never"]
        {
            assert!(shown.lines().any(|shown| shown == line), "{shown}");
        }
    }
}
