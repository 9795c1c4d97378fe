use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::checked;
use crate::model::table::MAX_ROWS;

/// Revoked sessions, and sessions with a limited number of uses.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Revocations {
    #[serde(deserialize_with = "checked::count")]
    next: u64,
    by_ks: RevocationTable,
    by_session_id: RevocationTable,
}

#[derive(Clone, Serialize, Deserialize)]
struct RevocationRow {
    #[serde(deserialize_with = "checked::count")]
    number: u64,
    /// How often the session may still be used. `None` means that it is revoked.
    actions_left: Option<i64>,
}

/// Rows by key, and keys by age. Beyond [`MAX_ROWS`] the oldest row is dropped, so that clients cannot fill the memory.
#[derive(Clone, Default)]
struct RevocationTable {
    rows: BTreeMap<Arc<str>, RevocationRow>,
    by_age: BTreeMap<u64, Arc<str>>,
}

/// The result of looking up a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UseResult {
    /// It is neither revoked nor limited.
    NoRow,
    Revoked,
    UsedUp,
    /// The use was counted.
    Counted,
}

impl Revocations {
    /// Revokes a KS by its hash.
    pub(crate) fn revoke_ks(&mut self, digest: &str) {
        self.by_ks.insert(&mut self.next, digest, None);
    }

    /// Revokes all sessions with a session id, by its hash.
    pub(crate) fn revoke_session_id(&mut self, hash: &str) {
        self.by_session_id.insert(&mut self.next, hash, None);
    }

    /// Limits how often a KS can be used.
    pub(crate) fn limit(&mut self, digest: &str, actions_left: i64) {
        self.by_ks.insert(&mut self.next, digest, Some(actions_left));
    }

    /// How often a KS may still be used, if that is limited.
    pub(crate) fn actions_left(&self, digest: &str) -> Option<i64> {
        self.by_ks.rows.get(digest)?.actions_left
    }

    /// Looks up a session and counts the use. If the KS and its session id both have a row, the older row decides.
    pub(crate) fn use_session(&mut self, digest: &str, session_id_hash: Option<&str>) -> UseResult {
        let of_ks = self.by_ks.rows.get_mut(digest);
        let of_session_id = session_id_hash.and_then(|hash| self.by_session_id.rows.get_mut(hash));
        let rows = of_ks.into_iter().chain(of_session_id);
        match rows.min_by_key(|row| row.number) {
            None => UseResult::NoRow,
            Some(RevocationRow { actions_left: None, .. }) => UseResult::Revoked,
            Some(RevocationRow { actions_left: Some(left), .. }) if *left <= 0 => UseResult::UsedUp,
            Some(RevocationRow { actions_left: Some(left), .. }) => {
                *left -= 1;
                UseResult::Counted
            }
        }
    }
}

impl RevocationTable {
    fn insert(&mut self, next: &mut u64, key: &str, actions_left: Option<i64>) {
        if let Some(row) = self.rows.get_mut(key) {
            row.actions_left = actions_left;
            return;
        }
        if self.rows.len() >= MAX_ROWS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.rows.remove(&oldest);
        }
        *next = next.saturating_add(1);
        let key: Arc<str> = key.into();
        self.by_age.insert(*next, Arc::clone(&key));
        self.rows.insert(key, RevocationRow { number: *next, actions_left });
    }
}

impl Serialize for RevocationTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RevocationTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = BTreeMap::<Arc<str>, RevocationRow>::deserialize(deserializer)?;
        let by_age = rows.iter().map(|(key, row)| (row.number, Arc::clone(key))).collect();
        Ok(Self { rows, by_age })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_revoked_by_its_hash_or_its_session_id() {
        let mut revoked = Revocations::default();
        assert_eq!(revoked.use_session("a", Some("id")), UseResult::NoRow);
        revoked.revoke_session_id("id");
        assert_eq!(revoked.use_session("a", Some("id")), UseResult::Revoked);
        assert_eq!(revoked.use_session("a", None), UseResult::NoRow);
        revoked.revoke_ks("a");
        assert_eq!(revoked.use_session("a", None), UseResult::Revoked);
    }

    #[test]
    fn a_limited_session_is_refused_after_its_last_use() {
        let mut limited = Revocations::default();
        limited.limit("a", 1);
        assert_eq!(limited.use_session("a", None), UseResult::Counted);
        assert_eq!(limited.use_session("a", None), UseResult::UsedUp);
        limited.revoke_ks("a");
        assert_eq!(limited.use_session("a", None), UseResult::Revoked);
    }

    #[test]
    fn a_full_table_drops_its_oldest_row() {
        let mut revoked = Revocations::default();
        for number in 0..=MAX_ROWS {
            revoked.revoke_ks(&number.to_string());
        }
        assert_eq!((revoked.by_ks.rows.len(), revoked.by_ks.by_age.len()), (MAX_ROWS, MAX_ROWS));
        assert_eq!(revoked.use_session("0", None), UseResult::NoRow);
        assert_eq!(revoked.use_session("1", None), UseResult::Revoked);
    }
}
