//! Filters and orders of stored objects. A condition is a property and a comparison, such as `createdAtLessThanOrEqual`,
//! so one mechanism serves all classes. Unknown orders are ignored, as on the server.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::content::record::search_text;
use crate::model::collation::fold;
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::objects::{FieldValue, Object, filter};

/// Further values of a list are ignored, because some are compared with every object.
const MAX_VALUES: usize = 500;

type Condition = Box<dyn Fn(&ObjectRow) -> bool>;

/// The comparisons, the longest name first.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("GreaterThanOrEqualOrNull", Comparison::From { or_null: true }),
    ("LessThanOrEqualOrNull", Comparison::To { or_null: true }),
    ("GreaterThanOrEqual", Comparison::From { or_null: false }),
    ("LessThanOrEqual", Comparison::To { or_null: false }),
    ("MultiLikeAnd", Comparison::AllWords),
    ("MultiLikeOr", Comparison::AnyWords),
    ("StartsWith", Comparison::Start),
    ("MatchAnd", Comparison::AllWords),
    ("NotEqual", Comparison::NotIn),
    ("MatchOr", Comparison::AnyWords),
    ("NotIn", Comparison::NotIn),
    ("Equal", Comparison::Equal),
    ("Like", Comparison::Words),
    ("In", Comparison::In),
];

#[derive(Clone, Copy)]
enum Comparison {
    Equal,
    In,
    NotIn,
    From { or_null: bool },
    To { or_null: bool },
    Start,
    Words,
    AnyWords,
    AllWords,
}

/// The conditions of a filter. All must hold.
#[derive(Default)]
pub(super) struct Matcher(Vec<Condition>);

impl Matcher {
    pub(super) fn of(state: &State, kind: ObjectKind, filter: Option<&Object>) -> Self {
        let fields = filter.into_iter().flat_map(|filter| &filter.fields);
        let given = fields.filter_map(|(name, value)| Some((*name, wanted(value)?)));
        Self(given.filter_map(|(name, wanted)| condition(state, kind, name, wanted)).collect())
    }

    pub(super) fn matches(&self, row: &ObjectRow) -> bool {
        self.0.iter().all(|condition| condition(row))
    }
}

/// The value of a condition; `None` for one without effect.
fn wanted(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Int(number) => Some(number.to_string()),
        FieldValue::Bool(value) => Some(if *value { "1" } else { "" }.to_owned()),
        FieldValue::Text(text) if !text.is_empty() => Some(text.clone()),
        FieldValue::Text(_) | FieldValue::Null | FieldValue::Opaque => None,
    }
}

fn condition(state: &State, kind: ObjectKind, name: &str, wanted: String) -> Option<Condition> {
    match (kind, name) {
        (
            ObjectKind::Entry,
            "categoriesIdsMatchOr" | "categoryAncestorIdIn" | "categoriesMatchOr" | "categoriesFullNameIn",
        ) => {
            let entries = entries_in(state, name, &wanted);
            return Some(Box::new(move |row| entries.contains(&row.id)));
        }
        (ObjectKind::Category, "ancestorIdIn") => {
            let wanted: HashSet<String> = wanted.split(',').take(MAX_VALUES).map(|id| id.trim().to_owned()).collect();
            return Some(Box::new(move |row| {
                row.text("fullIds").split('>').any(|id| id != row.id && wanted.contains(id))
            }));
        }
        (_, "freeText") => {
            let matches = filter::words_like(Some(&wanted));
            return Some(Box::new(move |row| matches(&free_text(row))));
        }
        _ => {}
    }
    let (property, comparison) =
        COMPARISONS.iter().find_map(|(suffix, comparison)| Some((name.strip_suffix(suffix)?, *comparison)))?;
    let texts = texts_of(property)?;
    Some(match comparison {
        Comparison::Equal => {
            let matches = filter::text_equal(Some(&wanted));
            Box::new(move |row| matches(&texts(row)))
        }
        Comparison::In => {
            let matches = filter::text_in(Some(&wanted));
            Box::new(move |row| matches(&texts(row)))
        }
        Comparison::NotIn => {
            let matches = filter::text_in(Some(&wanted));
            Box::new(move |row| !matches(&texts(row)))
        }
        Comparison::Start => {
            let wanted = fold(&wanted);
            Box::new(move |row| fold(&texts(row)).starts_with(&wanted))
        }
        Comparison::Words => {
            let matches = filter::words_like(Some(&wanted));
            Box::new(move |row| matches(&texts(row)))
        }
        Comparison::AnyWords => {
            let matches = filter::multi_words(Some(&wanted), None);
            Box::new(move |row| matches(&texts(row)))
        }
        Comparison::AllWords => {
            let matches = filter::multi_words(None, Some(&wanted));
            Box::new(move |row| matches(&texts(row)))
        }
        Comparison::From { or_null } => number_condition(property, &wanted, or_null, |found, wanted| found >= wanted),
        Comparison::To { or_null } => number_condition(property, &wanted, or_null, |found, wanted| found <= wanted),
    })
}

fn number_condition(property: &str, wanted: &str, or_null: bool, holds: fn(i64, i64) -> bool) -> Condition {
    let (property, wanted) = (property.to_owned(), crate::php::cast::text_to_int(wanted));
    Box::new(move |row| match row.get(&property) {
        Some(_) => holds(row.int(&property), wanted),
        None => or_null,
    })
}

/// The text of a property, or of the properties that a name such as `tagsName` stands for. `None` for a name that no
/// stored object has, and that therefore has no effect.
fn texts_of(name: &str) -> Option<impl Fn(&ObjectRow) -> String + 'static> {
    let parts: &'static [&'static str] = match name {
        "tagsName" => &["tags", "name"],
        "tagsAdminTags" => &["tags", "adminTags"],
        "tagsAdminTagsName" => &["tags", "adminTags", "name"],
        "nameOrReferenceId" => &["name", "referenceId"],
        _ => &[],
    };
    let name = name.to_owned();
    let is_unknown = matches!(&*name, "redirectFrom" | "members" | "manager" | "member" | "idOrInheritedParentId");
    (!is_unknown).then_some(move |row: &ObjectRow| match &*name {
        "searchText" => search_text(row),
        name if parts.is_empty() => row.text(name),
        _ => parts.iter().map(|part| row.text(part)).collect::<Vec<_>>().join(" "),
    })
}

fn free_text(row: &ObjectRow) -> String {
    ["id", "name", "tags", "description", "adminTags", "referenceId"].map(|name| row.text(name)).join(" ")
}

/// The entries in categories: in these themselves for `categoriesIdsMatchOr`, or also in those below them.
fn entries_in(state: &State, name: &str, wanted: &str) -> HashSet<String> {
    let wanted: HashSet<String> = wanted.split(',').take(MAX_VALUES).map(|part| fold(part.trim())).collect();
    let is_wanted = |pair: &ObjectRow| {
        let category = pair.text("categoryId");
        match name {
            "categoriesIdsMatchOr" => wanted.contains(&category),
            "categoryAncestorIdIn" => pair.text("categoryFullIds").split('>').any(|id| wanted.contains(id)),
            _ => {
                let full_name =
                    state.objects.find(ObjectKind::Category, &category).map(|row| fold(&row.text("fullName")));
                let full_name = full_name.unwrap_or_default();
                wanted.iter().any(|wanted| {
                    full_name.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('>'))
                })
            }
        }
    };
    state
        .objects
        .of_kind(ObjectKind::CategoryEntry)
        .filter(|pair| is_wanted(pair))
        .map(|pair| pair.text("entryId"))
        .collect()
}

/// Sorts by `orderBy`. Objects without an order, or with equal values, stay in the order of their creation.
pub(super) fn sort(rows: &mut [&ObjectRow], filter: Option<&Object>) {
    let orders = filter.and_then(|filter| filter.text("orderBy")).unwrap_or_default();
    // A later order decides between objects that are equal in the earlier ones. Few are used, so a long list costs little.
    for order in orders.split(',').take(5).collect::<Vec<_>>().into_iter().rev() {
        let Some(name) = order.strip_prefix(['+', '-']) else { continue };
        if rows.iter().all(|row| row.get(name).is_none()) {
            continue;
        }
        let is_descending = order.starts_with('-');
        rows.sort_by_cached_key(|row| SortKey::of(row, name, is_descending));
    }
}

#[derive(PartialEq, Eq)]
struct SortKey {
    number: i64,
    text: String,
    is_descending: bool,
}

impl SortKey {
    fn of(row: &ObjectRow, name: &str, is_descending: bool) -> Self {
        let is_number = row.get(name).is_some_and(serde_json::Value::is_number);
        let (number, text) = if is_number { (row.int(name), String::new()) } else { (0, fold(&row.text(name))) };
        Self { number, text, is_descending }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let ordering = self.number.cmp(&other.number).then_with(|| self.text.cmp(&other.text));
        if self.is_descending { ordering.reverse() } else { ordering }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
