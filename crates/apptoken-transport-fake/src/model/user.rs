use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::table::{Row, Table};
use crate::model::{checked, collation, column};

/// A row of the user table.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserRow {
    /// The number of the row, which the API never returns.
    #[serde(deserialize_with = "checked::row_number")]
    pub(crate) row: i64,
    pub(crate) partner_id: i64,
    /// The id in the API. The anonymous user has none.
    pub(crate) id: Option<String>,
    /// Without a status, the user is not found any more, but its row is not deleted either.
    #[serde(deserialize_with = "checked::user_status")]
    pub(crate) status: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) status_updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) screen_name: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) is_admin: bool,
    pub(crate) is_guest: bool,
    /// The e-mail address of the login, if the user has one. It stays when the property `email` changes.
    #[serde(default)]
    pub(crate) login_email: Option<String>,
    #[serde(default)]
    pub(crate) is_sso_excluded: bool,
    /// The role ids as the request gives them; after storing, a list of numbers.
    pub(crate) role_ids: String,
    /// Properties that have no effect on the server, by name.
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) numbers: BTreeMap<String, i64>,
    /// Whether the row was stored. The database then fills in the defaults of its columns, so the reply to `user.add`
    /// lacks some properties that `user.get` returns.
    #[serde(skip, default = "stored")]
    pub(crate) is_stored: bool,
    /// The role that `user.add` gave an administrator without roles. Its reply shows it as a number.
    #[serde(skip)]
    pub(crate) default_role: Option<i64>,
}

fn stored() -> bool {
    true
}

pub(crate) const STATUS_BLOCKED: i64 = 0;
pub(crate) const STATUS_ACTIVE: i64 = 1;
pub(crate) const STATUS_DELETED: i64 = 2;

impl UserRow {
    /// A user that the server creates itself: all names are the id.
    pub(crate) fn automatic(partner_id: i64, id: Option<&str>, now: i64) -> Self {
        let id = id.map(cut_id);
        Self { screen_name: id.clone(), first_name: id.clone().unwrap_or_default(), ..Self::new(partner_id, id, now) }
    }

    /// An active user without names.
    pub(crate) fn new(partner_id: i64, id: Option<String>, now: i64) -> Self {
        Self {
            row: 0,
            partner_id,
            id,
            status: Some(STATUS_ACTIVE),
            created_at: now,
            updated_at: now,
            status_updated_at: now,
            deleted_at: None,
            screen_name: None,
            first_name: String::new(),
            last_name: String::new(),
            is_admin: false,
            is_guest: false,
            login_email: None,
            is_sso_excluded: false,
            role_ids: String::new(),
            texts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            is_stored: false,
            default_role: None,
        }
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim_matches(' ').to_owned()
    }

    /// Whether the server finds the user.
    pub(crate) fn is_found(&self) -> bool {
        self.status.is_some_and(|status| status != STATUS_DELETED)
    }

    /// The role ids as numbers.
    pub(crate) fn roles(&self) -> impl Iterator<Item = i64> + '_ {
        self.role_ids.split(',').filter(|id| !id.is_empty()).map(crate::php::cast::text_to_int)
    }

    /// Truncates the values to their columns.
    fn fit_columns(&mut self) {
        if let Some(id) = &mut self.id {
            column::varchar(id, 100);
        }
        if let Some(name) = &mut self.screen_name {
            column::varchar(name, 127);
        }
        let ids: Vec<String> = self.roles().map(|id| id.to_string()).collect();
        self.role_ids = ids.join(",");
        // The limits of the other columns are unknown; none is larger than `text`.
        let texts = self.texts.values_mut();
        for text in texts.chain([&mut self.first_name, &mut self.last_name, &mut self.role_ids]) {
            column::text(text);
        }
        for (name, length) in
            [("email", 100), ("state", 16), ("city", 30), ("zip", 10), ("thumbnailUrl", 1024), ("partnerData", 4096)]
        {
            if let Some(text) = self.texts.get_mut(name) {
                column::varchar(text, length);
            }
        }
        for name in ["type", "gender", "userMode"] {
            if let Some(number) = self.numbers.get_mut(name) {
                column::int(number);
            }
        }
        self.is_stored = true;
        self.default_role = None;
    }
}

/// The prefix of an id that the server searches for.
pub(crate) fn cut_id(id: &str) -> String {
    let mut id = id.to_owned();
    column::cut_bytes(&mut id, 100);
    id
}

impl Row for UserRow {
    fn size(&self) -> usize {
        let ids = [&self.id, &self.screen_name, &self.login_email].into_iter().flatten();
        let texts = ids.chain([&self.first_name, &self.last_name, &self.role_ids]).chain(self.texts.values());
        size_of::<Self>() + texts.map(|text| size_of::<String>() + text.len()).sum::<usize>()
    }
}

/// The user table, with an index of the users that are not deleted.
#[derive(Clone, Default)]
pub(crate) struct Users {
    rows: Table<i64, UserRow>,
    by_id: BTreeMap<UserKey, i64>,
    /// The user that the present request made when it used its session. Until the next request, replies lack what the
    /// database fills in.
    made_by_request: Option<i64>,
}

/// The account of a user, and its id in the form of the collation. The anonymous user has no id.
type UserKey = (i64, Option<Arc<str>>);

impl Users {
    /// The user with this id, unless it is deleted. Without an id, the anonymous user.
    pub(crate) fn find(&self, partner_id: i64, id: Option<&str>) -> Option<&UserRow> {
        let key = (partner_id, id.map(|id| collation::fold(&cut_id(id)).into()));
        self.rows.get(self.by_id.get(&key)?)
    }

    /// Like [`find`](Self::find), as the present request sees the user.
    pub(crate) fn find_for_reply(&self, partner_id: i64, id: &str) -> Option<UserRow> {
        let user = self.find(partner_id, Some(id))?.clone();
        Some(UserRow { is_stored: self.made_by_request != Some(user.row), ..user })
    }

    /// Starts a request with another session.
    pub(crate) fn begin_request(&mut self) {
        self.made_by_request = None;
    }

    /// Finds the user of a session, or creates it.
    pub(crate) fn find_or_make_for_request(&mut self, partner_id: i64, id: Option<&str>, now: i64) -> i64 {
        match self.find(partner_id, id) {
            Some(user) => user.row,
            None => {
                let row = self.insert(UserRow::automatic(partner_id, id, now));
                self.made_by_request = Some(row);
                row
            }
        }
    }

    /// The users whose login has this e-mail address. All accounts share the logins.
    pub(crate) fn with_login(&self, email: &str) -> impl Iterator<Item = &UserRow> {
        let folded = collation::fold(email);
        let is_same = move |user: &&UserRow| {
            user.is_found() && user.login_email.as_deref().is_some_and(|login| collation::fold(login) == folded)
        };
        self.iter().filter(is_same)
    }

    /// Finds the user, or creates it.
    pub(crate) fn find_or_make(&mut self, partner_id: i64, id: Option<&str>, now: i64) -> i64 {
        match self.find(partner_id, id) {
            Some(user) => user.row,
            None => self.insert(UserRow::automatic(partner_id, id, now)),
        }
    }

    pub(crate) fn get(&self, row: i64) -> Option<&UserRow> {
        self.rows.get(&row)
    }

    /// Adds a row and returns its number.
    pub(crate) fn insert(&mut self, mut user: UserRow) -> i64 {
        user.row = self.rows.last_key().map_or(1, |last| last.saturating_add(1));
        let row = user.row;
        self.put(user);
        row
    }

    /// Stores a changed row.
    pub(crate) fn put(&mut self, mut user: UserRow) {
        user.fit_columns();
        let row = user.row;
        if let Some(before) = self.rows.get(&row).map(key)
            && self.by_id.get(&before) == Some(&row)
        {
            self.by_id.remove(&before);
        }
        if user.is_found() {
            self.by_id.insert(key(&user), row);
        }
        self.rows.insert(row, user);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    /// How many rows all searches have scanned.
    pub(crate) fn visited(&self) -> u64 {
        self.rows.visited()
    }

    /// Drops the rows of users that are not found any more. The last row stays, so that its number is not reused.
    pub(crate) fn drop_deleted(&mut self) {
        let last = self.rows.last_key().copied();
        self.rows.retain(|row, user| user.is_found() || Some(*row) == last);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &UserRow> {
        self.rows.values()
    }
}

fn key(user: &UserRow) -> UserKey {
    (user.partner_id, user.id.as_deref().map(|id| collation::fold(id).into()))
}

impl Serialize for Users {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut users = Self::default();
        for user in Vec::<UserRow>::deserialize(deserializer)? {
            if users.rows.get(&user.row).is_some() {
                return Err(D::Error::custom("expected users with different numbers"));
            }
            if user.is_found() {
                users.by_id.insert(key(&user), user.row);
            }
            users.rows.insert(user.row, user);
        }
        Ok(users)
    }
}

/// Whether a new user may have this id. A trailing line feed is allowed, because `$` of a PHP pattern matches before
/// it.
pub(crate) fn is_valid_user_id(id: &str) -> bool {
    let id = id.strip_suffix('\n').unwrap_or(id);
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b",!#$%&'*+?^_`{|}~.@-".contains(&byte);
    (1..=320).contains(&id.len()) && id.bytes().all(is_valid)
}

#[cfg(test)]
mod tests {
    use super::is_valid_user_id;

    #[test]
    fn a_user_id_has_no_space_slash_or_colon() {
        for id in ["a@b.c", "a-b_c", "x!#$%&'*+?^_`{|}~", "a\n", &"a".repeat(320)] {
            assert!(is_valid_user_id(id), "{id:?}");
        }
        for id in ["", "\n", "a b", "a/b", "a:b", "a=b", "a;b", "\"q\"", "(x)", "é", "a\n\n", &"a".repeat(321)] {
            assert!(!is_valid_user_id(id), "{id:?}");
        }
    }
}
