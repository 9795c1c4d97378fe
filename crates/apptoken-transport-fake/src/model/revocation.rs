use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Revoked sessions, and those that may be used a limited number of times.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Revocations {
    next: u64,
    by_ks: BTreeMap<String, Row>,
    by_session_id: BTreeMap<String, Row>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Row {
    number: u64,
    /// How often the session may still be used; `None`: it is revoked.
    actions_left: Option<i64>,
}

/// Rows beyond this number push the oldest out.
const MAX_ROWS: usize = 100_000;

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Nothing,
    Revoked,
    UsedUp,
    /// It was counted.
    Counted,
}

impl Revocations {
    /// Revokes the sessions of a KS or of all that have a session id, by the hash of either.
    pub(crate) fn revoke_ks(&mut self, digest: &str) {
        insert(&mut self.by_ks, &mut self.next, digest, None);
    }

    pub(crate) fn revoke_session_id(&mut self, hash: &str) {
        insert(&mut self.by_session_id, &mut self.next, hash, None);
    }

    /// Starts to count the uses of a KS.
    pub(crate) fn limit(&mut self, digest: &str, actions_left: i64) {
        insert(&mut self.by_ks, &mut self.next, digest, Some(actions_left));
    }

    /// Looks a session up; the older one of two rows decides. A use is counted.
    pub(crate) fn use_session(&mut self, digest: &str, session_id_hash: Option<&str>) -> Known {
        let of_ks = self.by_ks.get_mut(digest);
        let of_session_id = session_id_hash.and_then(|hash| self.by_session_id.get_mut(hash));
        let rows = of_ks.into_iter().chain(of_session_id);
        match rows.min_by_key(|row| row.number) {
            None => Known::Nothing,
            Some(Row { actions_left: None, .. }) => Known::Revoked,
            Some(Row { actions_left: Some(left), .. }) if *left <= 0 => Known::UsedUp,
            Some(Row { actions_left: Some(left), .. }) => {
                *left -= 1;
                Known::Counted
            }
        }
    }
}

fn insert(rows: &mut BTreeMap<String, Row>, next: &mut u64, key: &str, actions_left: Option<i64>) {
    if let Some(row) = rows.get_mut(key) {
        row.actions_left = actions_left;
        return;
    }
    if rows.len() >= MAX_ROWS
        && let Some(oldest) = rows.iter().min_by_key(|(_, row)| row.number).map(|(key, _)| key.clone())
    {
        rows.remove(&oldest);
    }
    *next += 1;
    rows.insert(key.to_owned(), Row { number: *next, actions_left });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_revoked_by_itself_or_by_its_id() {
        let mut revoked = Revocations::default();
        assert_eq!(revoked.use_session("a", Some("id")), Known::Nothing);
        revoked.revoke_session_id("id");
        assert_eq!(revoked.use_session("a", Some("id")), Known::Revoked);
        assert_eq!(revoked.use_session("a", None), Known::Nothing);
        revoked.revoke_ks("a");
        assert_eq!(revoked.use_session("a", None), Known::Revoked);
    }

    #[test]
    fn uses_are_counted_until_none_is_left() {
        let mut limited = Revocations::default();
        limited.limit("a", 1);
        assert_eq!(limited.use_session("a", None), Known::Counted);
        assert_eq!(limited.use_session("a", None), Known::UsedUp);
        limited.revoke_ks("a");
        assert_eq!(limited.use_session("a", None), Known::Revoked);
    }
}
