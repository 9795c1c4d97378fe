//! The response cache of the server. It repeats a reply for the same parameters if the request has no KS or an
//! anonymous one, because everybody can get such a KS.

use indexmap::IndexMap;

use crate::php::hash::md5;
use crate::php::query::build_sorted;
use crate::php::{Array, Key, Value};

/// How long replies are cached, in seconds. The server has the value for results in `kApiCache.php`, and that for
/// errors in `KalturaResponseCacher.php`.
const SUCCESS_SECONDS: i64 = 600;
const ERROR_SECONDS: i64 = 120;

/// The maximum number of entries and their total size. The oldest entries are evicted.
const MAX_ENTRIES: usize = 1_024;
const MAX_SIZE: usize = 16 << 20;

/// Larger entries are not cached.
const MAX_ENTRY_SIZE: usize = 1 << 20;

/// Whether a result may be cached, and for how long.
#[derive(Clone, Copy, Default)]
pub(crate) struct CachePolicy {
    is_disabled: bool,
    seconds: Option<i64>,
}

impl CachePolicy {
    /// Prevents caching.
    pub(crate) fn disable(&mut self) {
        self.is_disabled = true;
    }

    /// Limits the time.
    pub(crate) fn at_most(&mut self, seconds: i64) {
        self.seconds = Some(self.seconds.map_or(seconds, |before| before.min(seconds)));
    }

    /// Limits the time to that of errors.
    pub(crate) fn limit_for_error(&mut self) {
        self.at_most(ERROR_SECONDS);
    }

    /// Applies the policy of a part of a multirequest to the whole.
    pub(crate) fn restrict(&mut self, part: Self) {
        self.is_disabled |= part.is_disabled;
        if let Some(seconds) = part.seconds {
            self.at_most(seconds);
        }
    }
}

/// How the cache classifies a KS. The server does this without its database, to reply fast.
pub(crate) enum KsState {
    None,
    /// Only the database can validate it, so the reply is not cached.
    Unknown,
    /// It is not valid, with the reason code of the server.
    Invalid(i64),
    /// It is a widget session.
    Anonymous {
        partner_id: String,
        session_type: String,
        user_id: String,
        privileges: String,
    },
}

/// The key of a cached reply or result.
#[derive(Clone)]
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// The key of a request; `None` if its reply is not cached.
    ///
    /// The KS is left out, as are parameters that do not change the reply.
    pub(crate) fn of(mut params: Array, ks: &KsState, host: &str, is_https: bool, script: &str) -> Option<Self> {
        for name in ["ks", "kalsig", "clientTag", "callback"] {
            params.shift_remove(&Key::from(name));
        }
        let mut add =
            |name: &str, value: &str| params.insert(Key::Text(format!("___cache___{name}")), Value::text(value));
        add("uri", script);
        add("protocol", if is_https { "https" } else { "http" });
        add("host", host);
        match ks {
            KsState::None => {}
            KsState::Unknown => return None,
            KsState::Invalid(reason) => {
                add("ksStatus", &reason.to_string());
            }
            KsState::Anonymous { partner_id, session_type, user_id, privileges } => {
                add("partnerId", partner_id);
                add("ksType", session_type);
                add("userId", user_id);
                add("privileges", privileges);
            }
        }
        Some(Self(format!("cache_v3-{}", md5(build_sorted(&params)))))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A cache whose entries expire.
pub(crate) struct Cache<T> {
    entries: IndexMap<String, Entry<T>>,
    /// The size of all entries, in bytes.
    size: usize,
}

struct Entry<T> {
    until: i64,
    stored_at: i64,
    value: T,
    size: usize,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { entries: IndexMap::new(), size: 0 }
    }
}

impl<T: Clone> Cache<T> {
    /// The cached value, and when it was cached.
    pub(crate) fn get(&self, key: &CacheKey, now: i64) -> Option<(T, i64)> {
        let entry = self.entries.get(&key.0).filter(|entry| entry.until > now)?;
        Some((entry.value.clone(), entry.stored_at))
    }

    /// Caches a value of `size` bytes if the policy allows it. Returns whether it did.
    pub(crate) fn put(&mut self, key: &CacheKey, value: &T, size: usize, cache_policy: CachePolicy, now: i64) -> bool {
        if cache_policy.is_disabled || size > MAX_ENTRY_SIZE {
            return false;
        }
        if let Some(before) = self.entries.shift_remove(&key.0) {
            self.size -= before.size;
        }
        while self.entries.len() >= MAX_ENTRIES || self.size + size > MAX_SIZE {
            let Some((_, oldest)) = self.entries.shift_remove_index(0) else { break };
            self.size -= oldest.size;
        }
        let until = now.saturating_add(cache_policy.seconds.unwrap_or(SUCCESS_SECONDS));
        self.entries.insert(key.0.clone(), Entry { until, stored_at: now, value: value.clone(), size });
        self.size += size;
        true
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> CacheKey {
        let params = [(Key::from("a"), Value::text(name))].into_iter().collect();
        CacheKey::of(params, &KsState::None, "host", false, "/").unwrap()
    }

    #[test]
    fn errors_expire_before_results() {
        let mut cache = Cache::default();
        let mut error = CachePolicy::default();
        error.limit_for_error();
        assert!(cache.put(&key("good"), &1, 1, CachePolicy::default(), 1_000));
        assert!(cache.put(&key("bad"), &2, 1, error, 1_000));
        assert_eq!(cache.get(&key("good"), 1_599), Some((1, 1_000)));
        assert_eq!(cache.get(&key("good"), 1_600), None);
        assert_eq!(cache.get(&key("bad"), 1_119), Some((2, 1_000)));
        assert_eq!(cache.get(&key("bad"), 1_120), None);
    }

    #[test]
    fn the_cache_is_limited_in_entries_and_bytes() {
        let mut cache = Cache::default();
        for number in 0..3_000 {
            cache.put(&key(&number.to_string()), &number, 1, CachePolicy::default(), 0);
        }
        assert_eq!((cache.entries.len(), cache.size), (MAX_ENTRIES, MAX_ENTRIES));
        assert_eq!(cache.get(&key("2999"), 1), Some((2_999, 0)));
        for number in 0..100 {
            assert!(cache.put(&key(&number.to_string()), &number, MAX_ENTRY_SIZE, CachePolicy::default(), 0));
        }
        assert_eq!((cache.entries.len(), cache.size), (MAX_SIZE / MAX_ENTRY_SIZE, MAX_SIZE));
        assert!(!cache.put(&key("huge"), &0, MAX_ENTRY_SIZE + 1, CachePolicy::default(), 0));
    }
}
