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

/// The `tokenHash` that the server expects for a token, with a KS.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HashVector {
    /// The KS string.
    pub ks: String,
    /// The value of the token; may be empty.
    pub token: String,
    /// `MD5`, `SHA1`, `SHA256` or `SHA512`.
    pub hash_type: String,
    /// Lower-case hex.
    pub hash: String,
}

/// What identifies the sessions of one `sessionid` privilege when they are ended together.
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

/// A privilege's name and values. A name that PHP turned into an integer key stands here as its digits.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ParsedPrivilege(#[serde(deserialize_with = "text")] pub String, pub Vec<String>);

/// A privileges string, parsed and built again.
#[derive(Clone, Debug, Deserialize)]
pub struct PrivilegesVector {
    /// The string.
    pub input: String,
    /// What it holds, in order.
    pub parsed: Vec<ParsedPrivilege>,
    /// The string built from `parsed`.
    pub built: String,
}

/// What holds for all of [`privileges_app_session`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppSessionRules {
    /// The id of the token.
    pub token_id: String,
    /// The names that a request cannot ask for, unless the token has the name with the value `*`.
    pub server_privileges: Vec<String>,
}

/// How `appToken.startSession` merges the privileges of the token and of the request.
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

/// Privileges strings, parsed and built again.
pub fn privileges_parse() -> Vec<PrivilegesVector> {
    read("privileges_parse")
}

/// Privileges of sessions started with a token, and what holds for all of them.
pub fn privileges_app_session() -> (AppSessionRules, Vec<AppSessionVector>) {
    file("privileges_app_session").read()
}

pub(crate) fn read<T: DeserializeOwned>(name: &str) -> Vec<T> {
    file(name).read::<serde::de::IgnoredAny, T>().1
}

#[allow(clippy::expect_used)] // The names are written in this file.
fn file(name: &str) -> &'static File {
    FILES.iter().find(|file| file.name == name).expect("a file of vectors")
}

/// Reads a number or a string as text.
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
