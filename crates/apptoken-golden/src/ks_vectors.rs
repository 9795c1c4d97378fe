use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::vectors::{ParsedPrivilege, read, text};

/// A KS made by the server from known parts.
#[derive(Clone, Debug, Deserialize)]
pub struct KsVector {
    /// What it was made of.
    #[serde(rename = "in")]
    pub input: KsInput,
    /// The readable text inside: signature and fields of a V1 KS, the query string of a V2 KS.
    #[serde(alias = "decoded", alias = "fields")]
    pub inside: String,
    /// The KS.
    pub ks: String,
    /// What parsing the KS gives.
    pub parsed: ParsedKs,
}

/// The parts of a KS.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsInput {
    /// The account's admin secret. Empty in a KS that was made without one.
    pub secret: String,
    /// The user; `None` and the empty user differ in a V2 KS.
    pub user_id: Option<String>,
    /// The session type, as text.
    #[serde(rename = "type", deserialize_with = "text")]
    pub session_type: String,
    /// The partner, as text.
    #[serde(deserialize_with = "text")]
    pub partner_id: String,
    /// When the KS ends, in Unix seconds.
    pub expiry: i64,
    /// The privileges; `None` where none were given.
    pub privileges: Option<String>,
    /// The master partner.
    pub master_partner_id: Option<String>,
    /// Text of the caller's own.
    pub additional_data: Option<String>,
    /// The random part of a V1 KS.
    pub rand: Option<String>,
    /// The 16 random bytes of a V2 KS, in hex.
    pub random_hex: Option<String>,
}

/// A V2 KS made by hand around an unusual query string.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsFieldsVector {
    /// The account's admin secret.
    pub secret: String,
    /// The partner.
    pub partner_id: u32,
    /// The query string inside.
    pub fields: String,
    /// The 16 random bytes, in hex.
    pub random_hex: String,
    /// The KS.
    pub ks: String,
    /// What parsing the KS gives.
    pub parsed: ParsedKs,
}

/// A KS as it may arrive: damaged, foreign, oddly encoded.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsParseVector {
    /// What is special about it.
    pub name: String,
    /// The admin secret of the only partner that is known.
    pub secret: String,
    /// That partner.
    pub partner_id: u32,
    /// The KS.
    pub ks: String,
    /// What parsing the KS gives.
    pub parsed: ParsedKs,
}

/// What the server's parser makes of a KS.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsedKs {
    /// The KS is genuine; whether it has ended is another question.
    Valid(Box<ValidKs>),
    /// The KS was refused, with the parser's message.
    Refused(String),
    /// The partner has no secret, or is not known, with the parser's message.
    NoSecret(String),
    /// The parser failed with an exception of the language it is written in.
    Exception(String),
}

/// The parts of a genuine KS; `None` is PHP's null.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are those of the server's class.
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

/// KSs of version 1.
pub fn ks_v1() -> Vec<KsVector> {
    read("ks_v1")
}

/// KSs of version 2.
pub fn ks_v2() -> Vec<KsVector> {
    read("ks_v2")
}

/// KSs of version 2 around unusual query strings.
pub fn ks_v2_fields() -> Vec<KsFieldsVector> {
    read("ks_v2_fields")
}

/// KSs of both versions as they may arrive.
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
