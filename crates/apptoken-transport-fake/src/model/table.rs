use std::borrow::Borrow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The maximum number of rows of a table, and of bytes in them.
pub(crate) const MAX_ROWS: usize = 20_000;
pub(crate) const MAX_BYTES: usize = 16 << 20;

/// A row of a table.
pub(crate) trait Row: Clone {
    /// Its approximate size in bytes.
    fn size(&self) -> usize;
}

/// A table of the server. A clone shares the rows, so it is fast: requests wait while the state is cloned for a
/// snapshot.
#[derive(Clone)]
pub(crate) struct Table<K, R> {
    rows: BTreeMap<K, Arc<R>>,
    bytes: usize,
    /// How many rows were scanned.
    visited: Cell<u64>,
}

impl<K, R> Default for Table<K, R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), bytes: 0, visited: Cell::new(0) }
    }
}

impl<K: Ord, R: Row> Table<K, R> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&R>
    where
        K: Borrow<Q>,
    {
        self.rows.get(key).map(Arc::as_ref)
    }

    pub(crate) fn insert(&mut self, key: K, row: R) {
        self.bytes = self.bytes.saturating_add(row.size());
        if let Some(before) = self.rows.insert(key, Arc::new(row)) {
            self.bytes = self.bytes.saturating_sub(before.size());
        }
    }

    /// Changes the rows that match. The change must not change their size.
    pub(crate) fn change(&mut self, is_match: impl Fn(&R) -> bool, change: impl Fn(&mut R)) {
        self.visit();
        for row in self.rows.values_mut().filter(|row| is_match(row)) {
            change(Arc::make_mut(row));
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &R) -> bool) {
        self.visit();
        self.rows.retain(|key, row| keep(key, row));
        self.bytes = self.rows.values().map(|row| row.size()).sum();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &R)> {
        self.visit();
        self.rows.iter().map(|(key, row)| (key, row.as_ref()))
    }

    /// All rows, sorted by key.
    pub(crate) fn values(&self) -> impl Iterator<Item = &R> {
        self.iter().map(|(_, row)| row)
    }

    pub(crate) fn last_key(&self) -> Option<&K> {
        self.rows.last_key_value().map(|(last, _)| last)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= MAX_ROWS || self.bytes >= MAX_BYTES
    }

    /// How many rows all searches have scanned.
    pub(crate) fn visited(&self) -> u64 {
        self.visited.get()
    }

    fn visit(&self) {
        self.visited.set(self.visited.get().wrapping_add(self.rows.len() as u64));
    }
}

impl<K: Ord, R: Row> FromIterator<(K, R)> for Table<K, R> {
    fn from_iter<I: IntoIterator<Item = (K, R)>>(rows: I) -> Self {
        let mut table = Self::default();
        for (key, row) in rows {
            table.insert(key, row);
        }
        table
    }
}

impl<K: Serialize, R: Serialize> Serialize for Table<K, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, K: Ord + Deserialize<'de>, R: Row + Deserialize<'de>> Deserialize<'de> for Table<K, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<K, R>::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for String {
        fn size(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn a_table_is_full_at_its_row_or_byte_limit() {
        let mut table = Table::default();
        for key in 1..MAX_ROWS {
            table.insert(key, String::new());
        }
        assert!(!table.is_full());
        table.insert(0, String::new());
        assert!(table.is_full());
        table.retain(|key, _| *key == 0);
        assert!(!table.is_full());
        table.insert(0, "x".repeat(MAX_BYTES));
        assert!(table.is_full());
        table.insert(0, "x".to_owned());
        assert!(!table.is_full());
    }

    #[test]
    fn a_clone_shares_its_rows_until_they_change() {
        let mut table: Table<i64, String> = [(1, "before".to_owned())].into_iter().collect();
        let copy = table.clone();
        assert!(Arc::ptr_eq(&copy.rows[&1], &table.rows[&1]));
        table.change(|_| true, |row| row.push('!'));
        assert_eq!((copy.get(&1).unwrap().as_str(), table.get(&1).unwrap().as_str()), ("before", "before!"));
    }
}
