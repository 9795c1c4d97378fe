//! Stored content: entries, categories, captions and the like, as rows of one table.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::model::table::{Row, Table};

/// The largest file whose bytes are kept. Of larger files only the size and the hash are known.
pub(crate) const MAX_KEPT: usize = 1 << 20;

/// The kind of an object: objects of one kind share their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ObjectKind {
    Entry,
    Category,
    CategoryEntry,
    UploadToken,
    FlavorAsset,
    CaptionAsset,
    ThumbAsset,
}

/// An object: its properties by their API names.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ObjectRow {
    /// Its number in the table, which grows with each new object.
    pub(crate) number: i64,
    pub(crate) kind: ObjectKind,
    pub(crate) id: String,
    pub(crate) partner_id: i64,
    /// Its API class.
    pub(crate) class: String,
    pub(crate) is_deleted: bool,
    /// When an entry with a file becomes ready, if it is not ready yet.
    pub(crate) ready_at: Option<i64>,
    pub(crate) properties: Map<String, Json>,
    pub(crate) file: Option<StoredFile>,
}

impl ObjectRow {
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.properties.get(name).filter(|value| !value.is_null())
    }

    /// A property as text; numbers and booleans as PHP casts them. Empty if it is null.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).map(json_text).unwrap_or_default()
    }

    /// A property as a number; 0 if it is null.
    pub(crate) fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Json::Number(number)) => number.as_i64().unwrap_or(0),
            Some(Json::String(text)) => crate::php::cast::text_to_int(text),
            _ => 0,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    pub(crate) fn is_of(&self, partner_id: i64) -> bool {
        self.partner_id == partner_id
    }
}

pub(crate) fn json_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(value) => if *value { "1" } else { "" }.to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
    }
}

impl Row for ObjectRow {
    fn size(&self) -> usize {
        let properties: usize = self.properties.iter().map(|(name, value)| name.len() + json_size(value)).sum();
        let file = self.file.as_ref().and_then(|file| file.bytes.as_ref()).map_or(0, Vec::len);
        size_of::<Self>() + self.id.len() + self.class.len() + properties + file
    }
}

fn json_size(value: &Json) -> usize {
    size_of::<(String, Json)>()
        + match value {
            Json::String(text) => text.len(),
            Json::Array(items) => items.iter().map(json_size).sum(),
            Json::Object(items) => items.iter().map(|(name, value)| name.len() + json_size(value)).sum(),
            Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        }
}

/// A file that was uploaded.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredFile {
    pub(crate) size: u64,
    /// Its SHA-256 hash in hexadecimal. `None` if its bytes were not kept, and a part of it was written twice or came after
    /// the start and was too large to be kept itself.
    pub(crate) sha256: Option<String>,
    /// Its bytes, unless it is larger than [`MAX_KEPT`].
    #[serde(with = "hex_bytes")]
    bytes: Option<Vec<u8>>,
    #[serde(skip)]
    hasher: Option<Sha256>,
}

impl StoredFile {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        file.write(0, bytes);
        file
    }

    /// The bytes, if they are kept.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// Writes a piece at a position up to the end. A piece beyond the end is dropped, as by the recorded server.
    pub(crate) fn write(&mut self, at: u64, piece: &[u8]) {
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if at > self.size {
            return;
        }
        let is_appended = at == self.size;
        self.size = self.size.max(at.saturating_add(length));
        let is_kept = usize::try_from(self.size).is_ok_and(|size| size <= MAX_KEPT);
        self.bytes = self.bytes.take().filter(|_| is_kept).map(|mut bytes| {
            let at = usize::try_from(at).unwrap_or(bytes.len());
            let end = at.saturating_add(piece.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            if let Some(place) = bytes.get_mut(at..end) {
                place.copy_from_slice(piece);
            }
            bytes
        });
        self.hasher = match (&self.bytes, self.hasher.take()) {
            (_, Some(hasher)) if is_appended => Some(hasher.chain_update(piece)),
            // After a snapshot, or if a part was written twice.
            (Some(bytes), _) => Some(Sha256::new_with_prefix(bytes)),
            (None, _) => None,
        };
        self.sha256 = self.hasher.clone().map(|hasher| hex::encode(hasher.finalize()));
    }

    /// Writes a piece of which only the size and the hash are known if it is large.
    pub(crate) fn write_file(&mut self, at: u64, piece: &Self) {
        match piece.bytes() {
            Some(bytes) => self.write(at, bytes),
            None if at == 0 && piece.size >= self.size => *self = piece.clone(),
            None if at > self.size => {}
            None => {
                let size = self.size.max(at.saturating_add(piece.size));
                *self = Self { size, sha256: None, bytes: None, hasher: None };
            }
        }
    }
}

impl Default for StoredFile {
    fn default() -> Self {
        let hasher = Sha256::new();
        let sha256 = Some(hex::encode(hasher.clone().finalize()));
        Self { size: 0, sha256, bytes: Some(Vec::new()), hasher: Some(hasher) }
    }
}

mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(hex::encode).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let invalid = |_| serde::de::Error::custom("expected bytes in hexadecimal");
        text.map(|text| hex::decode(text).map_err(invalid)).transpose()
    }
}

/// How the file of an entry makes it ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uploads {
    /// The entry is ready at once.
    #[default]
    Ready,
    /// The entry is ready after this many seconds of the clock.
    ReadyAfter(u32),
    /// A video or audio entry stays in conversion (status 1), as on a server without workers, until a test changes it.
    Converting,
}

/// All objects.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    rows: Table<i64, ObjectRow>,
    /// The numbers of the objects by kind and id.
    numbers: HashMap<(ObjectKind, String), i64>,
    /// The last number that an object got.
    last: i64,
    /// The objects that become ready, by time.
    waiting: BTreeSet<(i64, i64)>,
}

impl Objects {
    pub(crate) fn get(&self, kind: ObjectKind, id: &str) -> Option<&ObjectRow> {
        self.rows.get(self.numbers.get(&(kind, id.to_owned()))?)
    }

    /// The object, unless it is deleted.
    pub(crate) fn find(&self, kind: ObjectKind, id: &str) -> Option<&ObjectRow> {
        self.get(kind, id).filter(|row| !row.is_deleted)
    }

    /// All objects of a kind that are not deleted, the oldest first.
    pub(crate) fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = &ObjectRow> {
        self.all().filter(move |row| row.kind == kind && !row.is_deleted)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &ObjectRow> {
        self.rows.values()
    }

    /// A number for a new object.
    pub(crate) fn take_number(&mut self) -> i64 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    /// Stores an object, or replaces the one with its number.
    pub(crate) fn put(&mut self, row: ObjectRow) {
        if let Some(before) = self.rows.get(&row.number).and_then(|row| row.ready_at) {
            self.waiting.remove(&(before, row.number));
        }
        if let Some(time) = row.ready_at {
            self.waiting.insert((time, row.number));
        }
        self.numbers.insert((row.kind, row.id.clone()), row.number);
        self.rows.insert(row.number, row);
    }

    /// The objects that have become ready by now. They do not wait any more.
    pub(crate) fn take_ready(&mut self, now: i64) -> Vec<ObjectRow> {
        let due: Vec<(i64, i64)> = self.waiting.range(..=(now, i64::MAX)).copied().collect();
        let rows = due.iter().filter_map(|(_, number)| self.rows.get(number).cloned()).collect();
        for each in due {
            self.waiting.remove(&each);
        }
        rows
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    pub(crate) fn visited(&self) -> u64 {
        self.rows.visited()
    }

    /// Drops deleted objects, but not the last one, so that its number is not used again.
    pub(crate) fn drop_deleted(&mut self) {
        let last = self.rows.last_key().copied();
        self.rows.retain(|number, row| !row.is_deleted || Some(*number) == last);
        let rows = &self.rows;
        self.numbers.retain(|_, number| rows.get(number).is_some());
    }

    /// Removes objects, as if they had never existed.
    pub(crate) fn remove(&mut self, is_match: impl Fn(&ObjectRow) -> bool) {
        let last = self.last;
        self.rows.retain(|_, row| !is_match(row));
        *self = Self { last, ..Self::of(std::mem::take(&mut self.rows)) };
    }

    /// The first inconsistency of objects from a snapshot.
    pub(crate) fn inconsistency(&self) -> Option<&'static str> {
        if self.rows.iter().any(|(number, row)| *number != row.number || !(1..i64::MAX).contains(number)) {
            return Some("expected the number of each object as its key");
        }
        let unknown = self.rows.values().any(|row| crate::objects::class(&row.class).is_none());
        if unknown {
            return Some("expected a known class of each object");
        }
        (self.numbers.len() != self.rows.values().count()).then_some("expected another id of each object of a kind")
    }

    fn of(rows: Table<i64, ObjectRow>) -> Self {
        let numbers = rows.values().map(|row| ((row.kind, row.id.clone()), row.number)).collect();
        let waiting = rows.values().filter_map(|row| Some((row.ready_at?, row.number))).collect();
        let last = rows.last_key().copied().unwrap_or(0);
        Self { rows, numbers, last, waiting }
    }
}

impl Serialize for Objects {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Table::deserialize(deserializer).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_pieces_has_the_hash_of_the_whole() {
        let mut file = StoredFile::of(b"hello ");
        file.write(6, b"big world");
        file.write(99, b"dropped");
        assert_eq!((file.size, file.bytes()), (15, Some(&b"hello big world"[..])));
        assert_eq!(file.sha256, StoredFile::of(b"hello big world").sha256);
        file.write(6, b"BIG");
        assert_eq!((file.size, file.bytes()), (15, Some(&b"hello BIG world"[..])));
        assert_eq!(file.sha256, StoredFile::of(b"hello BIG world").sha256);
    }

    #[test]
    fn a_large_file_is_counted_and_hashed_but_not_kept() {
        let (mut file, piece) = (StoredFile::of(b""), vec![7; MAX_KEPT]);
        file.write(0, &piece);
        assert!(file.bytes().is_some());
        file.write(file.size, b"x");
        assert_eq!((file.size, file.bytes()), (1_048_577, None));
        let whole = [piece, b"x".to_vec()].concat();
        assert_eq!(file.sha256, Some(hex::encode(Sha256::digest(whole))));
        file.write(0, b"overwritten");
        assert_eq!(file.sha256, None);
    }

    #[test]
    fn a_large_piece_is_known_by_its_size_and_hash() {
        let large = StoredFile::of(&vec![7; MAX_KEPT + 1]);
        let mut file = StoredFile::default();
        file.write_file(0, &StoredFile::of(b"small"));
        assert_eq!((file.size, file.bytes()), (5, Some(&b"small"[..])));
        file.write_file(99, &large);
        assert_eq!(file.size, 5);
        file.write_file(0, &large);
        assert_eq!((file.size, &file.sha256), (1_048_577, &large.sha256));
        file.write_file(file.size, &large);
        assert_eq!((file.size, file.bytes(), &file.sha256), (2_097_154, None, &None));
    }
}
