use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::vectors::{ParsedPrivilege, read, text};

/// A KS that the server created from known parts.
#[derive(Clone, Debug, Deserialize)]
pub struct KsVector {
    /// The parts of the KS.
    #[serde(rename = "in")]
    pub input: KsInput,
    /// The text inside the KS: the signature and fields of V1, the query string of V2.
    #[serde(alias = "decoded", alias = "fields")]
    pub inside: String,
    /// The KS.
    pub ks: String,
    /// The result of parsing the KS.
    pub parsed: ParsedKs,
}

/// The parts of a KS.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsInput {
    /// The admin secret of the account; empty for a KS without one.
    pub secret: String,
    /// The user. `None` and an empty user differ in a V2 KS.
    pub user_id: Option<String>,
    /// The session type, as text.
    #[serde(rename = "type", deserialize_with = "text")]
    pub session_type: String,
    /// The partner, as text.
    #[serde(deserialize_with = "text")]
    pub partner_id: String,
    /// When the KS expires, in seconds since 1970.
    pub expiry: i64,
    /// The privileges; `None` if none were given.
    pub privileges: Option<String>,
    /// The master partner.
    pub master_partner_id: Option<String>,
    /// Additional text of the caller.
    pub additional_data: Option<String>,
    /// The random part of a V1 KS.
    pub rand: Option<String>,
    /// The 16 random bytes of a V2 KS, in hex.
    pub random_hex: Option<String>,
}

/// A V2 KS that was constructed around an unusual query string.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsFieldsVector {
    /// The admin secret of the account.
    pub secret: String,
    /// The partner.
    pub partner_id: u32,
    /// The query string inside.
    pub fields: String,
    /// The 16 random bytes, in hex.
    pub random_hex: String,
    /// The KS.
    pub ks: String,
    /// The result of parsing the KS.
    pub parsed: ParsedKs,
}

/// A KS that may be damaged, of another account or unusually encoded.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsParseVector {
    /// What is special about the KS.
    pub name: String,
    /// The admin secret of the only known partner.
    pub secret: String,
    /// That partner.
    pub partner_id: u32,
    /// The KS.
    pub ks: String,
    /// The result of parsing the KS.
    pub parsed: ParsedKs,
}

/// The result of the server's KS parser.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsedKs {
    /// The signature is valid. The KS may be expired.
    Valid(Box<ValidKs>),
    /// The KS was rejected, with the message of the parser.
    Refused(String),
    /// The partner is unknown or has no secret, with the message of the parser.
    NoSecret(String),
    /// The parser failed with a PHP exception.
    Exception(String),
}

/// The parts of a KS with a valid signature; `None` is PHP's null.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are those of the class in the server.
pub struct ValidKs {
    pub partner_id: Option<String>,
    pub partner_pattern: Option<String>,
    pub valid_until: Option<String>,
    #[serde(rename = "type")]
    pub session_type: Option<String>,
    pub rand: Option<String>,
    pub user: Option<String>,
    pub privileges: Option<String>,
    pub master_partner_id: Option<String>,
    pub additional_data: Option<String>,
    pub hash: Option<String>,
    pub session_id_hash: Option<String>,
    #[serde(default)]
    pub is_admin: bool,
    #[serde(default)]
    pub is_widget_session: bool,
    #[serde(default)]
    pub is_anonymous_session: bool,
    pub parsed_privileges: Vec<ParsedPrivilege>,
}

/// Vectors of KS version 1.
pub fn ks_v1() -> Vec<KsVector> {
    read("ks_v1")
}

/// Vectors of KS version 2.
pub fn ks_v2() -> Vec<KsVector> {
    read("ks_v2")
}

/// Vectors of KS version 2 with unusual query strings.
pub fn ks_v2_fields() -> Vec<KsFieldsVector> {
    read("ks_v2_fields")
}

/// KSs of both versions that may be damaged or unusual.
pub fn ks_parse() -> Vec<KsParseVector> {
    read("ks_parse")
}

impl<'de> Deserialize<'de> for ParsedKs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Message {
            #[serde(alias = "message")]
            error: String,
        }
        let parsed = Value::deserialize(deserializer)?;
        let result = parsed.get("result").cloned().unwrap_or_default();
        let message = |parsed| serde_json::from_value(parsed).map(|Message { error }| error);
        match result {
            Value::Bool(true) => serde_json::from_value(parsed).map(ParsedKs::Valid),
            Value::Bool(false) => message(parsed).map(ParsedKs::Refused),
            Value::Null => message(parsed).map(ParsedKs::NoSecret),
            _ => message(parsed).map(ParsedKs::Exception),
        }
        .map_err(D::Error::custom)
    }
}
