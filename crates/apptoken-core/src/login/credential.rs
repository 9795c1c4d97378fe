//! The credential of a program: its app token.

use crate::value::hash::HashChoice;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::secrets::AppTokenSecret;

/// An app token and how to use it, as the administrator of the account hands it over.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account.
    pub partner: PartnerId,
    /// The token's id, which is not secret.
    pub id: AppTokenId,
    /// The token's value, which is secret.
    pub token: AppTokenSecret,
    /// The token's hash type, or that the login detects it.
    pub hash: HashChoice,
}

impl Credential {
    /// An app token and its hash type, which may be [`HashChoice::Detect`].
    pub fn new(partner: PartnerId, id: AppTokenId, token: AppTokenSecret, hash: impl Into<HashChoice>) -> Self {
        Self { partner, id, token, hash: hash.into() }
    }
}
