//! The fast path of `session.start`, in `api_v3/lib/KalturaResponseCacher.php` of the server.
//!
//! The server takes it for a plain request if the secrets of the account are in its memory cache. It checks only the
//! secret: it applies no maximum lifetime, does not check roles, and ignores `ks` and the status of the account.

use crate::error::Failure;
use crate::model::session::NewSession;
use crate::model::state::State;
use crate::php::cast::{begins_with_number, equals_int, text_to_int, to_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Value};

/// The KS; `None` if the server uses the ordinary path.
pub(crate) fn start(state: &mut State, params: &Array, is_https: bool, now: i64) -> Option<Result<String, Failure>> {
    let is = |name: &str, text: &str| matches!(set(params, name), Some(Value::Text(given)) if given == text);
    if !is("service", "session") || !is("action", "start") || set(params, "multirequest").is_some() {
        return None;
    }
    let (secret, partner) = (set(params, "secret")?, to_text(set(params, "partnerId")?));
    let session_type = set(params, "type").unwrap_or(&Value::Int(0));
    if !equals_int(session_type, 0) && !equals_int(session_type, 2) {
        return None;
    }
    let session_type = to_int(session_type);
    let partner_id = text_to_int(&partner);
    let account = state
        .shared_account(partner_id)
        .filter(|_| state.has_cached_secrets(partner_id) && partner_id.to_string() == *partner)?;
    let Value::Text(secret) = secret else { return None };
    if (account.https_only && !is_https) || !account.accepts(secret, session_type != 0) {
        return None;
    }
    let lifetime = match lifetime(set(params, "expiry")) {
        Ok(lifetime) => lifetime,
        Err(crash) => return Some(Err(crash)),
    };
    let new = NewSession {
        user_id: &set(params, "userId").map(to_text).unwrap_or_default(),
        session_type,
        lifetime,
        privileges: &set(params, "privileges").map(to_text).unwrap_or_default(),
        master_partner_id: None,
        secret: Some(secret),
    };
    Some(Ok(state.make_ks(&account, &new, now).text))
}

/// The server adds the lifetime to the time without a cast. On PHP 8 that is a fatal error for text that does not begin
/// with a number.
fn lifetime(expiry: Option<&Value>) -> Result<i64, Failure> {
    match expiry {
        None => Ok(86_400),
        Some(Value::Array(_) | Value::NotUtf8) => Err(Failure::Crash),
        Some(Value::Text(text)) if !begins_with_number(text) => Err(Failure::Crash),
        Some(value) => Ok(to_int(value)),
    }
}
