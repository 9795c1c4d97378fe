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

/// Reads a KS as the server does, and verifies that it was created with a secret of its account.
///
/// `text` is the KS exactly as it was received, including whitespace. `secrets` returns the secrets of the account with the
/// given partner id, or an empty list for an unknown account. They are tried in order. `secrets` must check the
/// partner id, because a KS V2 neither encrypts the partner id nor covers it by the digest.
///
/// This does not check whether the session is expired: see [`OpenedKs::is_expired`].
///
/// # Errors
///
/// [`OpenError`] says why the KS was refused. The server returns `INVALID_KS` for all of these except
/// [`OpenError::NestedField`], which makes it crash.
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
    // The server treats every text that does not start with `v2|` as V1.
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
    // The server needs three fields; clients write seven or eight, the server itself nine (`parseKS` in
    // `alpha/apps/kaltura/lib/webservices/kSessionBase.class.php`).
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
            .map(|each| (each.name().to_owned(), each.values().map(str::to_owned).collect()))
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
    let payload = try_each(secrets(&partner_id), |secret| v2::decrypt(secret, encrypted))?;
    let mut opened = OpenedKs {
        version: KsVersion::V2,
        partner_id,
        partner_pattern: None,
        valid_until: None,
        session_type: None,
        rand: Some(hex::encode(&payload.random)),
        user_id: None,
        privileges: None,
        master_partner_id: None,
        additional_data: None,
        parsed_privileges: Vec::new(),
        digest: hex::encode(payload.digest),
    };
    let mut privileges = String::with_capacity(payload.query.len());
    for (name, value) in query::parse(&payload.query) {
        let Value::Text(value) = value else {
            return Err(OpenError::NestedField);
        };
        match name.as_str() {
            "_e" => opened.valid_until = Some(value),
            "_t" => opened.session_type = Some(value),
            "_u" => opened.user_id = Some(value),
            "_m" => opened.master_partner_id = Some(value),
            "_d" => opened.additional_data = Some(value),
            _ => {
                if !opened.parsed_privileges.is_empty() {
                    privileges.push(',');
                }
                privileges.push_str(&name);
                let mut values = Vec::new();
                if !value.is_empty() {
                    privileges.push(':');
                    privileges.push_str(&value);
                    values.extend(value.split('/').map(ToOwned::to_owned));
                }
                opened.parsed_privileges.push((name, values));
            }
        }
    }
    // Minting writes the privilege `*` as `all:*`. The server shows it as `*` again, but only if it is the only one.
    opened.privileges = Some(if privileges == "all:*" { "*".to_owned() } else { privileges });
    Ok(opened)
}

/// The result for the first secret that the check accepts.
fn try_each<T>(
    secrets: impl IntoIterator<Item: Borrow<AccountSecret>>,
    check: impl Fn(&AccountSecret) -> Option<T>,
) -> Result<T, OpenError> {
    let mut error = OpenError::UnknownPartner;
    for secret in secrets {
        if let Some(found) = check(secret.borrow()) {
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
    /// The KS is empty, or not base64 in either alphabet.
    NotBase64,
    /// The decoded KS lacks a `|` that every KS has.
    NoSeparator,
    /// The KS is a V1 with fewer than three fields.
    MissingFields,
    /// There is no secret for the account of the KS.
    UnknownPartner,
    /// The KS was created with another secret, or was changed afterwards.
    WrongSignature,
    /// The KS is genuine, but the name of a field has brackets, such as `name[]`, which PHP turns into an array.
    NestedField,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBase64 => "the KS is empty or not base64",
            Self::NoSeparator => "the decoded KS lacks a '|': it is not a KS, or it is truncated",
            Self::MissingFields => "the KS has fewer than three fields",
            Self::UnknownPartner => "there is no secret for the account of the KS",
            Self::WrongSignature => "the KS was created with another secret, or it was changed or truncated",
            Self::NestedField => "the name of a privilege in the KS has brackets, which the server cannot read",
        })
    }
}

impl core::error::Error for OpenError {}
