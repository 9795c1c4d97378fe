use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use apptoken_core::value::{KsVersion, decode_ks};
use apptoken_core::{AccountSecret, Privileges};
use zeroize::Zeroizing;

use crate::query::{self, Value};
use crate::{OpenedKs, v1, v2};

/// Reads a KS as the server does, and makes sure that it was made with a secret of its account.
///
/// `text` is the KS as it was received, white space and all. `secrets` gives the secrets of the account of that
/// partner id, an empty list if the account is not known; they are tried in turn. It must mind the partner id: in a
/// KS V2 that is neither encrypted nor covered by the digest.
///
/// Whether the session has ended is another question: see [`OpenedKs::is_expired`].
///
/// # Errors
///
/// [`OpenError`] tells why the KS was refused. The server answers `INVALID_KS` to all of these but
/// [`OpenError::NestedField`], over which it stumbles.
///
/// # Examples
///
/// ```
/// use apptoken_core::AccountSecret;
/// use apptoken_ks::{OpenError, open};
///
/// let ks = "djJ8MTIzNDU2N3zVzK4_KaXjvJp4i8Q83jP0cZptfMyOHGyl_iG7jyo9\
///           _JgW88LBJMyLeJDL25CnmLz8RF4NRrR_xjaCJ_iebUWf3M9kEaZzckeAGRpEvW9EIw==";
/// let secrets = [AccountSecret::parse("an-older-one")?, AccountSecret::parse("0123456789abcdef0123456789abcdef")?];
///
/// let opened = open(ks, |partner_id| if partner_id == "1234567" { &secrets[..] } else { &[] })?;
/// assert_eq!(opened.privileges.as_deref(), Some("view:*,widget:1"));
/// assert!(opened.is_widget_session());
///
/// assert_eq!(open(ks, |_| &secrets[..1]).err(), Some(OpenError::WrongSignature));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open<S: IntoIterator<Item: Borrow<AccountSecret>>>(
    text: &str,
    secrets: impl FnOnce(&str) -> S,
) -> Result<OpenedKs, OpenError> {
    let decoded =
        decode_ks(text).map(Zeroizing::new).filter(|decoded| !decoded.is_empty()).ok_or(OpenError::NotBase64)?;
    match decoded.strip_prefix(b"v2|") {
        Some(rest) => open_v2(rest, secrets),
        None => open_v1(&decoded, secrets),
    }
}

fn open_v1<S: IntoIterator<Item: Borrow<AccountSecret>>>(
    decoded: &[u8],
    secrets: impl FnOnce(&str) -> S,
) -> Result<OpenedKs, OpenError> {
    let (signature, info) = v1::split(decoded).ok_or(OpenError::NoSeparator)?;
    let mut fields = info.split(|byte| *byte == b';').map(text);
    let (Some(partner_id), Some(partner_pattern), Some(valid_until)) = (fields.next(), fields.next(), fields.next())
    else {
        return Err(OpenError::MissingFields);
    };
    try_each(secrets(&partner_id), |secret| v1::verify(secret, signature, info).then_some(()))?;
    let [session_type, rand, user_id, privileges, master_partner_id, additional_data] =
        core::array::from_fn(|_| fields.next());
    let parsed_privileges = Privileges::parse(privileges.as_deref().unwrap_or_default());
    Ok(OpenedKs {
        version: KsVersion::V1,
        partner_id,
        partner_pattern: Some(partner_pattern),
        valid_until: Some(valid_until),
        session_type,
        rand,
        user_id,
        privileges,
        master_partner_id,
        additional_data,
        parsed_privileges: parsed_privileges
            .iter()
            .map(|each| (each.name().to_owned(), each.values().to_vec()))
            .collect(),
        digest: text(signature),
    })
}

fn open_v2<S: IntoIterator<Item: Borrow<AccountSecret>>>(
    rest: &[u8],
    secrets: impl FnOnce(&str) -> S,
) -> Result<OpenedKs, OpenError> {
    let mut parts = rest.splitn(2, |byte| *byte == b'|');
    let (Some(partner_id), Some(encrypted)) = (parts.next().map(text), parts.next()) else {
        return Err(OpenError::NoSeparator);
    };
    let unsealed = try_each(secrets(&partner_id), |secret| v2::unseal(secret, encrypted))?;
    let mut opened = OpenedKs {
        version: KsVersion::V2,
        partner_id,
        partner_pattern: None,
        valid_until: None,
        session_type: None,
        rand: Some(hex::encode(&unsealed.random)),
        user_id: None,
        privileges: None,
        master_partner_id: None,
        additional_data: None,
        parsed_privileges: Vec::new(),
        digest: hex::encode(unsealed.digest),
    };
    let mut privileges = Vec::new();
    for (name, value) in query::parse(&unsealed.query) {
        let Value::Text(value) = value else {
            return Err(OpenError::NestedField);
        };
        match name.as_str() {
            "_e" => opened.valid_until = Some(value),
            "_t" => opened.session_type = Some(value),
            "_u" => opened.user_id = Some(value),
            "_m" => opened.master_partner_id = Some(value),
            "_d" => opened.additional_data = Some(value),
            _ if value.is_empty() => {
                privileges.push(name.clone());
                opened.parsed_privileges.push((name, Vec::new()));
            }
            _ => {
                privileges.push(alloc::format!("{name}:{value}"));
                opened.parsed_privileges.push((name, value.split('/').map(ToOwned::to_owned).collect()));
            }
        }
    }
    let privileges = privileges.join(",");
    opened.privileges = Some(if privileges == "all:*" { "*".to_owned() } else { privileges });
    Ok(opened)
}

/// What the first secret that fits gives.
fn try_each<T>(
    secrets: impl IntoIterator<Item: Borrow<AccountSecret>>,
    fits: impl Fn(&AccountSecret) -> Option<T>,
) -> Result<T, OpenError> {
    let mut error = OpenError::UnknownPartner;
    for secret in secrets {
        if let Some(found) = fits(secret.borrow()) {
            return Ok(found);
        }
        error = OpenError::WrongSignature;
    }
    Err(error)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Why a KS was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenError {
    /// It is empty, or not base64 in either alphabet.
    NotBase64,
    /// It lacks a `|` that every KS has.
    NoSeparator,
    /// It would be a KS V1, but has fewer than three fields.
    MissingFields,
    /// No secret was given for its account.
    UnknownPartner,
    /// It was made with another secret, or was changed afterwards.
    WrongSignature,
    /// It is genuine, but a field has a name with brackets, such as `name[]`; PHP makes an array of it.
    NestedField,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBase64 => "the KS is empty or not base64",
            Self::NoSeparator => "what the KS encodes lacks a '|', so it is no KS or only the beginning of one",
            Self::MissingFields => "the KS has fewer than three fields",
            Self::UnknownPartner => "no secret is known for the account that the KS names",
            Self::WrongSignature => "the KS was made with another secret, or was changed or cut",
            Self::NestedField => "the KS holds a privilege with brackets in its name, which the server cannot read",
        })
    }
}

impl core::error::Error for OpenError {}
