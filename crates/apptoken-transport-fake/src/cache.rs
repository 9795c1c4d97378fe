//! The response cache of the server. It repeats a reply for the same parameters if the request has no KS or an
//! anonymous one, because everybody can get such a KS.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::php::hash::md5;
use crate::php::query::build_sorted;
use crate::php::{Array, Key, Value};

/// How long replies are cached, in seconds. The server has the value for results in `kApiCache.php`, and that for
/// errors in `KalturaResponseCacher.php`.
const SUCCESS_SECONDS: i64 = 600;
const ERROR_SECONDS: i64 = 120;

/// The maximum size of all entries of a cache. Only beyond it does an entry go before its time: those that expire first.
/// The reply with a widget session takes about a kilobyte, so this is enough for 60,000 of them in ten minutes.
const MAX_SIZE: usize = 64 << 20;

/// What an entry takes besides its value: its key, twice a pointer to it, and its place in two maps.
const OVERHEAD: usize = 200;

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
            |name: &str, value: &str| params.insert(Key::from(format!("___cache___{name}")), Value::text(value));
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
    entries: HashMap<Arc<str>, Entry<T>>,
    /// The keys by their expiry, and then by the order in which they were cached.
    by_expiry: BTreeMap<(i64, u64), Arc<str>>,
    next: u64,
    /// The size of all entries, in bytes.
    size: usize,
}

struct Entry<T> {
    expiry: (i64, u64),
    stored_at: i64,
    value: T,
    size: usize,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), by_expiry: BTreeMap::new(), next: 0, size: 0 }
    }
}

impl<T: Clone> Cache<T> {
    /// The cached value, and when it was cached.
    pub(crate) fn get(&self, key: &CacheKey, now: i64) -> Option<(T, i64)> {
        let entry = self.entries.get(key.as_str()).filter(|entry| entry.expiry.0 > now)?;
        Some((entry.value.clone(), entry.stored_at))
    }

    /// Caches a value of `size` bytes if the policy allows it. Returns whether it did.
    pub(crate) fn put(&mut self, key: &CacheKey, value: &T, size: usize, cache_policy: CachePolicy, now: i64) -> bool {
        if cache_policy.is_disabled || size > MAX_ENTRY_SIZE {
            return false;
        }
        let size = size + size_of::<Entry<T>>() + OVERHEAD;
        self.remove(key.as_str());
        while let Some((expiry, first)) = self.by_expiry.first_key_value() {
            if expiry.0 > now && self.size + size <= MAX_SIZE {
                break;
            }
            let first = Arc::clone(first);
            self.remove(&first);
        }
        self.next += 1;
        let expiry = (now.saturating_add(cache_policy.seconds.unwrap_or(SUCCESS_SECONDS)), self.next);
        let key: Arc<str> = key.as_str().into();
        self.by_expiry.insert(expiry, Arc::clone(&key));
        self.entries.insert(key, Entry { expiry, stored_at: now, value: value.clone(), size });
        self.size += size;
        true
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_expiry.remove(&entry.expiry);
            self.size -= entry.size;
        }
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
    fn no_entry_leaves_before_its_time_below_the_limit() {
        let mut cache = Cache::default();
        for number in 0..20_000 {
            cache.put(&key(&number.to_string()), &number, 1_000, CachePolicy::default(), 0);
        }
        assert_eq!(cache.get(&key("0"), 599), Some((0, 0)));
        assert_eq!((cache.entries.len(), cache.by_expiry.len()), (20_000, 20_000));
    }

    #[test]
    fn expired_entries_take_no_memory() {
        let mut cache = Cache::default();
        let mut error = CachePolicy::default();
        error.limit_for_error();
        for number in 0..100 {
            cache.put(
                &key(&number.to_string()),
                &number,
                1,
                if number < 50 { error } else { CachePolicy::default() },
                0,
            );
        }
        cache.put(&key("50"), &0, 1, CachePolicy::default(), 0);
        cache.put(&key("new"), &0, 1, CachePolicy::default(), 120);
        assert_eq!((cache.entries.len(), cache.by_expiry.len()), (51, 51));
        cache.put(&key("newer"), &0, 1, CachePolicy::default(), 720);
        assert_eq!((cache.entries.len(), cache.by_expiry.len()), (1, 1));
    }

    #[test]
    fn at_the_limit_the_entry_that_expires_first_leaves() {
        let mut cache = Cache::default();
        let mut error = CachePolicy::default();
        error.limit_for_error();
        for number in 0..100 {
            let policy = if number == 7 { error } else { CachePolicy::default() };
            assert!(cache.put(&key(&number.to_string()), &number, MAX_ENTRY_SIZE, policy, 0));
            assert!(cache.size <= MAX_SIZE);
        }
        assert_eq!(cache.entries.len(), MAX_SIZE / MAX_ENTRY_SIZE - 1);
        for (number, is_there) in [("7", false), ("36", false), ("37", true), ("99", true)] {
            assert_eq!(cache.get(&key(number), 1).is_some(), is_there, "{number}");
        }
        assert!(!cache.put(&key("huge"), &0, MAX_ENTRY_SIZE + 1, CachePolicy::default(), 0));
    }
}
