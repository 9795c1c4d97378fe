//! The server's cache of replies: those to requests without a KS, or with one that everybody can have, are given again
//! to whoever sends the same parameters.

use indexmap::IndexMap;

use crate::php::hash::md5;
use crate::php::query::build_sorted;
use crate::php::{Array, Key, Value};

/// How long answers are stored, in seconds.
const SUCCESS_SECONDS: i64 = 600;
const ERROR_SECONDS: i64 = 120;

/// Answers beyond this number, or that are larger together, push the oldest out.
const MAX_ENTRIES: usize = 1_024;
const MAX_SIZE: usize = 16 << 20;

/// Answers of more bytes are not stored.
const MAX_ANSWER: usize = 1 << 20;

/// Whether the answer being made may be stored, and how long.
#[derive(Clone, Copy, Default)]
pub(crate) struct CachePolicy {
    is_disabled: bool,
    seconds: Option<i64>,
}

impl CachePolicy {
    /// The answer is not stored.
    pub(crate) fn disable(&mut self) {
        self.is_disabled = true;
    }

    pub(crate) fn at_most(&mut self, seconds: i64) {
        self.seconds = Some(self.seconds.map_or(seconds, |before| before.min(seconds)));
    }

    /// The answer is an error.
    pub(crate) fn failed(&mut self) {
        self.at_most(ERROR_SECONDS);
    }

    /// Takes over what was found about a part of the answer.
    pub(crate) fn and(&mut self, part: Self) {
        self.is_disabled |= part.is_disabled;
        if let Some(seconds) = part.seconds {
            self.at_most(seconds);
        }
    }
}

/// What a KS is to the cache, without a look at the database.
pub(crate) enum KsState {
    None,
    /// It takes the database to tell.
    Unknown,
    /// It is not valid, for this reason.
    Invalid(i64),
    /// The session of a widget.
    Anonymous {
        partner_id: String,
        session_type: String,
        user_id: String,
        privileges: String,
    },
}

/// The key of a request's answer.
#[derive(Clone)]
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// The key; `None` for requests whose answers are not stored.
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

/// The cache.
pub(crate) struct Cache<T> {
    entries: IndexMap<String, Entry<T>>,
    /// Of all entries together, in bytes.
    size: usize,
}

struct Entry<T> {
    until: i64,
    stored_at: i64,
    answer: T,
    size: usize,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { entries: IndexMap::new(), size: 0 }
    }
}

impl<T: Clone> Cache<T> {
    /// The stored answer, and when it was stored.
    pub(crate) fn get(&self, key: &CacheKey, now: i64) -> Option<(T, i64)> {
        let entry = self.entries.get(&key.0).filter(|entry| entry.until > now)?;
        Some((entry.answer.clone(), entry.stored_at))
    }

    /// Stores an answer of `size` bytes if it may be stored, and returns whether it was.
    pub(crate) fn put(&mut self, key: &CacheKey, answer: &T, size: usize, cache_policy: CachePolicy, now: i64) -> bool {
        if cache_policy.is_disabled || size > MAX_ANSWER {
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
        self.entries.insert(key.0.clone(), Entry { until, stored_at: now, answer: answer.clone(), size });
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
    fn answers_end_after_their_time() {
        let mut cache = Cache::default();
        let mut error = CachePolicy::default();
        error.failed();
        assert!(cache.put(&key("good"), &1, 1, CachePolicy::default(), 1_000));
        assert!(cache.put(&key("bad"), &2, 1, error, 1_000));
        assert_eq!(cache.get(&key("good"), 1_599), Some((1, 1_000)));
        assert_eq!(cache.get(&key("good"), 1_600), None);
        assert_eq!(cache.get(&key("bad"), 1_119), Some((2, 1_000)));
        assert_eq!(cache.get(&key("bad"), 1_120), None);
    }

    #[test]
    fn the_store_is_bounded() {
        let mut cache = Cache::default();
        for number in 0..3_000 {
            cache.put(&key(&number.to_string()), &number, 1, CachePolicy::default(), 0);
        }
        assert_eq!((cache.entries.len(), cache.size), (MAX_ENTRIES, MAX_ENTRIES));
        assert_eq!(cache.get(&key("2999"), 1), Some((2_999, 0)));
        for number in 0..100 {
            assert!(cache.put(&key(&number.to_string()), &number, MAX_ANSWER, CachePolicy::default(), 0));
        }
        assert_eq!((cache.entries.len(), cache.size), (MAX_SIZE / MAX_ANSWER, MAX_SIZE));
        assert!(!cache.put(&key("huge"), &0, MAX_ANSWER + 1, CachePolicy::default(), 0));
    }
}
