use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use apptoken_core::{AccountSecret, Ks, PartnerId, SessionType, UnixSeconds};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use crate::{query, v1, v2};

/// What a KS says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsFields<'a> {
    /// The account: [`PartnerId::get`], or one of Kaltura's own, such as -1 for batch jobs.
    pub partner_id: i64,
    /// When the session ends.
    pub expires_at: UnixSeconds,
    /// Kaltura's number for the type: [`SessionType::code`], or another one. From 1 on, it is an admin session.
    pub session_type: i64,
    /// The user. In a V2 KS, `None` and the empty user differ in the string, not in what they mean.
    pub user_id: Option<&'a str>,
    /// The privileges, such as `list:*,setrole:42`.
    pub privileges: &'a str,
    /// The account on whose behalf the session was made.
    pub master_partner_id: Option<&'a str>,
    /// Any text of the caller's own.
    pub additional_data: Option<&'a str>,
}

impl KsFields<'_> {
    /// A session without user, privileges or anything else.
    #[must_use]
    pub fn new(partner_id: PartnerId, session_type: SessionType, expires_at: UnixSeconds) -> Self {
        Self {
            partner_id: partner_id.get().into(),
            expires_at,
            session_type: session_type.code().into(),
            user_id: None,
            privileges: "",
            master_partner_id: None,
            additional_data: None,
        }
    }
}

/// Mints a KS V1: readable by anyone, signed with the secret.
///
/// `rand` tells two KSs of the same second apart; the server writes the time with its fractions, such as
/// `1700000000.1234`.
///
/// A `;` in any text moves all that follows to the next field when the KS is read. The server does not prevent it,
/// and neither does this function.
///
/// # Examples
///
/// ```
/// # use apptoken_core::{AccountSecret, PartnerId, SessionType, UnixSeconds};
/// # use apptoken_ks::{KsFields, mint_v1};
/// let secret = AccountSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let fields = KsFields::new(PartnerId::new(1_234_567)?, SessionType::Admin, UnixSeconds(1_893_456_000));
/// let ks = mint_v1(&secret, &fields, "1700000000.1234");
/// assert_eq!(ks.v1_fields().map(|fields| fields.session_type), Some(2));
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[must_use]
pub fn mint_v1(secret: &AccountSecret, fields: &KsFields<'_>, rand: &str) -> Ks {
    let KsFields { partner_id, expires_at, session_type, user_id, privileges, master_partner_id, additional_data } =
        fields;
    let user_id = user_id.unwrap_or_default();
    let master_partner_id = master_partner_id.unwrap_or_default();
    let additional_data = additional_data.unwrap_or_default();
    let info = format!(
        "{partner_id};{partner_id};{expires_at};{session_type};{rand};{user_id};{privileges};{master_partner_id};{additional_data}"
    );
    ks(STANDARD.encode(v1::seal(secret, &info).as_bytes()))
}

/// Mints a KS V2: encrypted, and only its account is readable without the secret.
///
/// `random` must be fresh random bytes: they keep two KSs with the same fields apart.
///
/// The privileges become fields of a query string by the server's rules: items are trimmed, empty ones and `0` are
/// left out, `*` stands as `all:*`, and of items with the same name only the last one counts. The names `_e`, `_t`,
/// `_u`, `_m` and `_d` are those of the KS's own fields, so privileges of these names are lost.
///
/// # Security
///
/// Never mint with privileges that somebody else wrote: by the server's rules for names (`.t` is read as `_t`) such a text
/// can change the session's type or user. In a KS V1 a `;` in it does the same.
#[must_use]
pub fn mint_v2(secret: &AccountSecret, fields: &KsFields<'_>, random: [u8; v2::RANDOM_SIZE]) -> Ks {
    let encrypted = v2::seal(secret, random, &query_of(fields));
    let mark = format!("v2|{}|", fields.partner_id);
    let decoded = Zeroizing::new([mark.as_bytes(), &encrypted].concat());
    ks(URL_SAFE.encode(&*decoded))
}

fn query_of(fields: &KsFields<'_>) -> String {
    let KsFields { partner_id: _, expires_at, session_type, user_id, privileges, master_partner_id, additional_data } =
        *fields;
    let (expires_at, session_type) = (expires_at.to_string(), session_type.to_string());
    let mut named = Vec::new();
    for item in privileges.split(',').map(|item| item.trim_matches(BLANK)) {
        match item {
            "" | "0" => {}
            "*" => query::put(&mut named, "all", Some("*")),
            _ => {
                let (name, value) = item.split_once(':').unwrap_or((item, ""));
                query::put(&mut named, name, Some(value));
            }
        }
    }
    query::put(&mut named, "_e", Some(&expires_at));
    query::put(&mut named, "_t", Some(&session_type));
    query::put(&mut named, "_u", user_id);
    query::put(&mut named, "_m", master_partner_id);
    query::put(&mut named, "_d", additional_data);
    query::build(named.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// What PHP's `trim` takes away.
const BLANK: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\u{b}'];

fn ks(base64: String) -> Ks {
    Ks::parse(base64).unwrap_or_else(|_| unreachable!("base64 of some bytes is neither empty nor blank"))
}
