//! The keys of the response cache, as in the server's `kApiCache.php`.

use std::collections::HashSet;

use apptoken_ks::OpenError;

use crate::cache::{CacheKey, KsState};
use crate::model::state::State;
use crate::php::cast::{is_numeric, is_true, to_text};
use crate::php::value::set;
use crate::php::{Array, Key, Value};
use crate::request_info::RequestInfo;
use crate::server::locked_server::LockedServer;
use crate::session_check::why_invalid;
use crate::wire::route::SCRIPT;

impl LockedServer<'_> {
    /// The key of a whole request; `None` if its reply is not cached.
    pub(super) fn request_key(&mut self, params: &Array, host: &str, info: RequestInfo<'_>) -> Option<CacheKey> {
        if !self.is_caching || set(params, "nocache").is_some() {
            return None;
        }
        let (params, ks) = self.while_unlocked_if_large(self.request_size, || {
            let mut params = params.clone();
            let ks = common_ks(&mut params)?;
            Some((params, ks))
        })?;
        let state = ks_state(&self.state, ks.as_ref(), info);
        self.while_unlocked_if_large(self.request_size, move || {
            CacheKey::of(params, &state, host, info.is_https, SCRIPT)
        })
    }

    /// The key of a part of a multirequest; `None` if its result is not cached.
    pub(super) fn part_key(&mut self, params: &Array, info: RequestInfo<'_>) -> Option<CacheKey> {
        if !self.is_caching || set(params, "nocache").is_some() {
            return None;
        }
        let state = ks_state(&self.state, set(params, "ks"), info);
        self.while_unlocked_if_large(self.request_size, || {
            CacheKey::of(params.clone(), &state, "", info.is_https, SCRIPT)
        })
    }
}

/// Removes the KS from a request and its parts, and returns it. `None` if they have different KSs: the server does not
/// cache such a request as a whole.
fn common_ks(params: &mut Array) -> Option<Option<Value>> {
    let mut ks = set(params, "ks").cloned();
    let is_reference = |value: &Value| to_text(value).contains(":result");
    let mut parts = Vec::new();
    let mut names = HashSet::new();
    for (key, value) in &*params {
        let name = key.to_text();
        let of_part = match value {
            Value::Array(part) if is_numeric(&name) => set(part, "ks").cloned(),
            value if name.strip_suffix(":ks").is_some_and(is_numeric) => Some(value.clone()),
            _ => None,
        };
        let Some(of_part) = of_part.filter(|value| !is_reference(value)) else { continue };
        if ks.as_ref().is_some_and(|ks| is_true(ks) && *ks != of_part) {
            return None;
        }
        ks = Some(of_part);
        match value {
            Value::Array(_) => parts.push(key.clone()),
            _ => {
                names.insert(key.clone());
            }
        }
    }
    for key in parts {
        if let Some(Value::Array(part)) = params.get_mut(&key) {
            part.shift_remove(&Key::from("ks"));
        }
    }
    params.retain(|key, _| !names.contains(key));
    Some(ks)
}

/// Classifies a KS for the cache. The key contains the account, user, type and privileges of an anonymous KS, but not
/// the KS itself. So two widget sessions share cached replies: the server was seen to repeat an error of
/// `appToken.startSession` for another widget session and a correct hash.
fn ks_state(state: &State, ks: Option<&Value>, info: RequestInfo<'_>) -> KsState {
    const INVALID_STR: i64 = -1;
    let Some(ks) = ks.filter(|ks| is_true(ks)) else { return KsState::None };
    let session = match state.peek(&to_text(ks)) {
        Ok(session) => session,
        Err(OpenError::UnknownPartner) => return KsState::Unknown,
        Err(_) => return KsState::Invalid(INVALID_STR),
    };
    if let Some((code, _)) = why_invalid(&session, info) {
        return KsState::Invalid(code);
    }
    let is_anonymous = session.ks.is_widget_session()
        && matches!(session.ks.user_id.as_deref(), None | Some("0"))
        && session.ks.privilege("setrole").is_none();
    if !is_anonymous {
        return KsState::Unknown;
    }
    KsState::Anonymous {
        partner_id: session.ks.partner_id.clone(),
        session_type: session.ks.session_type.clone().unwrap_or_default(),
        user_id: session.user_id().to_owned(),
        privileges: session.privileges().to_owned(),
    }
}
