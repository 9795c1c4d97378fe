use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use apptoken_core::{AccountSecret, Ks, PartnerId, SessionType, UnixSeconds};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use crate::{query, v1, v2};

/// The fields of a KS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsFields<'a> {
    /// The account: [`PartnerId::get`], or one of Kaltura's internal accounts, such as -1 for batch jobs.
    pub partner_id: i64,
    /// When the session expires.
    pub expires_at: UnixSeconds,
    /// The number of the session type: [`SessionType::code`], or another one. Every number from 1 on is an admin session.
    pub session_type: i64,
    /// The user. In a KS V2, `None` and an empty string give different KS strings with the same meaning.
    pub user_id: Option<&'a str>,
    /// The privileges, such as `list:*,setrole:42`.
    pub privileges: &'a str,
    /// The account on whose behalf the session was created.
    pub master_partner_id: Option<&'a str>,
    /// Any text for the caller's own use.
    pub additional_data: Option<&'a str>,
}

impl KsFields<'_> {
    /// The fields of a session without user, privileges and other optional fields.
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

/// Mints a KS V1, which is signed with the secret and readable by anyone.
///
/// `rand` makes two KS strings of the same second different. The server writes the time with fractions of a second, such
/// as `1700000000.1234`.
///
/// A `;` in any text shifts everything after it to the next field when the KS is read. The server does not prevent this,
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
    let valid_until = expires_at.0;
    let user_id = user_id.unwrap_or_default();
    let master_partner_id = master_partner_id.unwrap_or_default();
    let additional_data = additional_data.unwrap_or_default();
    // The server's format has the partner id twice and always nine fields (`generateSession` in
    // `alpha/apps/kaltura/lib/webservices/kSessionBase.class.php`).
    let info = format!(
        "{partner_id};{partner_id};{valid_until};{session_type};{rand};{user_id};{privileges};{master_partner_id};{additional_data}"
    );
    ks(STANDARD.encode(v1::sign_info(secret, &info).as_bytes()))
}

/// Mints a KS V2, which is encrypted. Only its account is readable without the secret.
///
/// `random` must be new random bytes for each KS. They make two KS strings with the same fields different.
///
/// The privileges become fields of a query string by the server's rules: items are trimmed, empty items and `0` are left
/// out, `*` is written as `all:*`, and only the last of several items with the same name counts. The names `_e`, `_t`,
/// `_u`, `_m` and `_d` are reserved for the KS's own fields, so privileges with these names are lost.
///
/// # Security
///
/// Never mint a KS with privileges from an untrusted source. By the server's rules for names (`.t` is read as `_t`), they
/// can change the type or the user of the session. In a KS V1, a `;` can do the same.
#[must_use]
pub fn mint_v2(secret: &AccountSecret, fields: &KsFields<'_>, random: [u8; v2::RANDOM_SIZE]) -> Ks {
    let encrypted = v2::encrypt(secret, random, &query_of(fields));
    let partner_id = fields.partner_id.to_string();
    let decoded = Zeroizing::new([b"v2|", partner_id.as_bytes(), b"|", &encrypted].concat());
    ks(URL_SAFE.encode(&*decoded))
}

fn query_of(fields: &KsFields<'_>) -> String {
    let KsFields { partner_id: _, expires_at, session_type, user_id, privileges, master_partner_id, additional_data } =
        *fields;
    let (expires_at, session_type) = (expires_at.0.to_string(), session_type.to_string());
    // Most sessions have fewer.
    let mut query_fields = Vec::with_capacity(16);
    for item in privileges.split(',').map(|item| item.trim_matches(PHP_WHITESPACE)) {
        match item {
            // PHP treats "0" as false, like an empty string, so the server skips both.
            "" | "0" => {}
            "*" => query::set(&mut query_fields, "all", Some("*")),
            _ => {
                let (name, value) = item.split_once(':').unwrap_or((item, ""));
                query::set(&mut query_fields, name, Some(value));
            }
        }
    }
    // The KS's own fields come last, so they replace privileges with their names.
    query::set(&mut query_fields, "_e", Some(&expires_at));
    query::set(&mut query_fields, "_t", Some(&session_type));
    query::set(&mut query_fields, "_u", user_id);
    query::set(&mut query_fields, "_m", master_partner_id);
    query::set(&mut query_fields, "_d", additional_data);
    query::build(query_fields.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// The characters that PHP's `trim` removes.
const PHP_WHITESPACE: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\u{b}'];

fn ks(base64: String) -> Ks {
    Ks::parse(base64).unwrap_or_else(|_| unreachable!("base64 of one or more bytes is not empty and has no whitespace"))
}
