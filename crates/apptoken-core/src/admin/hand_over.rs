//! What an administrator hands over.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::api::app_token::AppToken;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::login::credential::Credential;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::printable::Printable;
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;

/// A new app token, proved by a login, and all that its user must know.
///
/// As text it is the sheet to hand over, without the token's value: that comes out only through
/// [`AppTokenSecret::expose`], and should travel another way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandOver {
    /// The account.
    pub partner: PartnerId,
    /// The token's id.
    pub id: AppTokenId,
    /// The token's value.
    pub token: AppTokenSecret,
    /// The token's hash type.
    pub hash_type: HashType,
    /// The user of its sessions, if it fixes one.
    pub user_id: Option<String>,
    /// The kind of its sessions, if it fixes one.
    pub session_type: Option<SessionType>,
    /// The longest that a session of it lasts.
    pub session_duration: Duration,
    /// The privileges of its sessions, beside `sessionid` and `apptoken`.
    pub privileges: Privileges,
    /// When the token itself ends; never if absent.
    pub expiry: Option<UnixSeconds>,
}

impl HandOver {
    pub(super) fn of(partner: PartnerId, token: AppToken) -> Result<Self, Error> {
        let session_duration = token.longest_session();
        Ok(Self {
            partner,
            id: token.id,
            token: token.token.ok_or_else(|| {
                Error::new(ErrorKind::UnexpectedReply).detail("the token came back without its value")
            })?,
            hash_type: token.hash_type,
            user_id: token.session_user_id,
            session_type: token.session_type,
            session_duration,
            privileges: token.session_privileges.unwrap_or_default(),
            expiry: token.expiry,
        })
    }

    /// What a [`Login`](crate::Login) needs.
    #[must_use]
    pub fn credential(&self) -> Credential {
        Credential::new(self.partner, self.id.clone(), self.token.clone(), self.hash_type)
    }
}

impl fmt::Display for HandOver {
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
        writeln!(f, "longest session   {} s", session_duration.as_secs())?;
        writeln!(f, "privileges        {}", Printable(privileges))?;
        match expiry {
            Some(expiry) => write!(f, "token expires at  {expiry} (Unix time)"),
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
        let sheet = HandOver {
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
}
