//! What an administrator gives to the user of a new app token.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::api::app_token::AppToken;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::login::credential::Credential;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::privileges::Privileges;
use crate::value::secrets::AppTokenSecret;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;

/// A new app token that a login has verified, and everything that its user must know.
///
/// `Display` writes a summary to hand over, without the token's value: [`AppTokenSecret::expose`] returns that, and it
/// should be sent over a separate channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Handover {
    /// The account.
    pub partner: PartnerId,
    /// The token's id.
    pub id: AppTokenId,
    /// The token's value.
    pub token: AppTokenSecret,
    /// The token's hash type.
    pub hash_type: HashType,
    /// The user of the token's sessions, if the token fixes one.
    pub user_id: Option<String>,
    /// The type of the token's sessions, if the token fixes one.
    pub session_type: Option<SessionType>,
    /// The longest lifetime of the token's sessions.
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
        writeln!(f, "user              {}", user_id.as_deref().unwrap_or("any"))?;
        match session_type {
            Some(session_type) => writeln!(f, "session type      {session_type:?}")?,
            None => writeln!(f, "session type      any")?,
        }
        writeln!(f, "longest session   {} s", session_duration.as_secs())?;
        writeln!(f, "privileges        {privileges}")?;
        match expiry {
            Some(expiry) => write!(f, "token expires at  {expiry} (Unix time)"),
            None => f.write_str("token expires     never"),
        }
    }
}
