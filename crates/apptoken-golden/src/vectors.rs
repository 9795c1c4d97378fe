use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::file::{File, files};

const FILES: &[File] = files!("vectors":
    "hash"
    "ks_parse"
    "ks_v1"
    "ks_v2"
    "ks_v2_fields"
    "privileges_app_session"
    "privileges_parse"
    "session_id_hash"
);

/// The `tokenHash` that the server expects for a KS and a token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HashVector {
    /// The KS string.
    pub ks: String,
    /// The token value, which can be empty.
    pub token: String,
    /// `MD5`, `SHA1`, `SHA256` or `SHA512`.
    pub hash_type: String,
    /// Lower-case hex.
    pub hash: String,
}

/// The hash under which the server revokes all sessions with a `sessionid` privilege.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIdHashVector {
    /// The partner.
    pub partner_id: String,
    /// The value of the privilege.
    pub session_id: String,
    /// Lower-case hex of SHA-1.
    pub hash: String,
}

/// The name and values of a privilege. A name that PHP converts to an integer key is written in digits.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ParsedPrivilege(#[serde(deserialize_with = "text")] pub String, pub Vec<String>);

/// A privileges string, its parsed form and the string that is built from it.
#[derive(Clone, Debug, Deserialize)]
pub struct PrivilegesVector {
    /// The string.
    pub input: String,
    /// The parsed privileges, in their order.
    pub parsed: Vec<ParsedPrivilege>,
    /// The string built from `parsed`.
    pub built: String,
}

/// The common part of all vectors of [`privileges_app_session`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppSessionRules {
    /// The id of the token.
    pub token_id: String,
    /// The names that a request cannot add, unless the token has the name with the value `*`.
    pub server_privileges: Vec<String>,
}

/// The merged privileges of a token and a request to `appToken.startSession`.
#[derive(Clone, Debug, Deserialize)]
pub struct AppSessionVector {
    /// `sessionPrivileges` of the token.
    pub token: Option<String>,
    /// `sessionPrivileges` of the request.
    pub asked: Option<String>,
    /// The privileges of the session.
    pub privileges: String,
}

/// Token hashes of all four types.
pub fn hash_vectors() -> Vec<HashVector> {
    read("hash")
}

/// Hashes of `sessionid` privileges.
pub fn session_id_hashes() -> Vec<SessionIdHashVector> {
    read("session_id_hash")
}

/// Privileges strings with their parsed form.
pub fn privileges_parse() -> Vec<PrivilegesVector> {
    read("privileges_parse")
}

/// Privileges of sessions of an app token, with the common part of all vectors.
pub fn privileges_app_session() -> (AppSessionRules, Vec<AppSessionVector>) {
    file("privileges_app_session").read()
}

pub(crate) fn read<T: DeserializeOwned>(name: &str) -> Vec<T> {
    file(name).read::<serde::de::IgnoredAny, T>().1
}

#[allow(clippy::expect_used)] // All names are in this file.
fn file(name: &str) -> &'static File {
    FILES.iter().find(|file| file.name == name).expect("a file of vectors")
}

/// Parses a number or a string as text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Number(i64),
        String(String),
    }
    Ok(match Text::deserialize(deserializer)? {
        Text::Number(number) => number.to_string(),
        Text::String(text) => text,
    })
}
