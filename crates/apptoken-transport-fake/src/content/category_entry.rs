//! Which entries are in which categories.

use crate::actions::action::Call;
use crate::content::crud::{given_object, new_row, user_id};
use crate::content::record::record;
use crate::content::{Service, category};
use crate::error::{self, ApiError, Failure};
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::objects::{Object, validate};
use crate::output::Output;

/// A partner with this feature does not show the categories of an entry in the entry.
const ENTITLEMENT: &str = "FEATURE_ENTITLEMENT";

/// How many categories of a request count. Each is searched for in all categories.
const MAX_CATEGORIES: usize = 32;

pub(super) fn add(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let object = given_object(call)?;
    for name in ["entryId", "categoryId"] {
        validate::not_null(object, name)?;
    }
    validate::for_insert(object)?;
    let id = object.text("entryId").unwrap_or_default();
    let entry = call.state.objects.find(ObjectKind::Entry, id).filter(|row| row.is_of(call.partner_id())).cloned();
    let mut entry = entry.ok_or_else(|| crate::actions::without_model::unknown_id(call))?;
    let category = object.int("categoryId").unwrap_or(0).to_string();
    let category = category::of(call.state, call.partner_id(), &category)?;
    if call.state.objects.find(ObjectKind::CategoryEntry, &key(&category.id, id)).is_some() {
        return Err(error::CATEGORY_ENTRY_ALREADY_EXISTS.plain().into());
    }
    let user = user_id(call).to_owned();
    let pair = enter(call.state, &mut entry, &category.id, &user, call.info.now)?;
    call.state.objects.put(entry);
    Ok(record(call, &pair))
}

pub(super) fn delete(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let category = call.arguments.int("categoryId").to_string();
    let entry = call.state.objects.find(ObjectKind::Entry, call.arguments.text("entryId")).cloned();
    let pair =
        call.state.objects.find(ObjectKind::CategoryEntry, &key(&category, call.arguments.text("entryId"))).cloned();
    let (Some(mut entry), Some(pair)) = (entry, pair.filter(|pair| pair.is_of(call.partner_id()))) else {
        return Err(error::ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY.plain().into());
    };
    leave(call.state, pair);
    show_categories(call.state, &mut entry);
    call.state.objects.put(entry);
    Ok(Output::Null)
}

/// The categories that a request gives for an entry: by full names, which are created if they do not exist, or by ids.
#[derive(Default)]
pub(crate) struct CategoryChoice {
    pub(crate) names: Option<String>,
    pub(crate) ids: Option<String>,
}

impl CategoryChoice {
    pub(super) fn of(object: &Object) -> Self {
        let text = |name| object.text(name).map(str::to_owned);
        Self { names: text("categories"), ids: text("categoriesIds") }
    }
}

/// Puts an entry into the categories that a request gives, and out of all others.
pub(super) fn choose(call: &mut Call<'_>, entry: &mut ObjectRow, choice: &CategoryChoice) -> Result<(), Failure> {
    let user = user_id(call).to_owned();
    choose_in(call.state, entry, choice, &user, call.info.now).map_err(Failure::from)
}

/// As [`choose`], without a request.
pub(crate) fn choose_in(
    state: &mut State,
    entry: &mut ObjectRow,
    choice: &CategoryChoice,
    user: &str,
    now: i64,
) -> Result<(), ApiError> {
    let parts = |text: &Option<String>| -> Vec<String> {
        let parts = text.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.take(MAX_CATEGORIES).map(str::to_owned).collect()
    };
    if choice.names.is_none() && choice.ids.is_none() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    for id in parts(&choice.ids) {
        wanted.push(category::of(state, entry.partner_id, &id)?.id);
    }
    for name in parts(&choice.names) {
        wanted.push(category::of_full_name(state, entry.partner_id, &name, now)?);
    }
    let (gone, there): (Vec<_>, Vec<_>) =
        pairs_of(state, &entry.id).into_iter().partition(|pair| !wanted.contains(&pair.text("categoryId")));
    for pair in gone {
        leave(state, pair);
    }
    for category in wanted {
        if there.iter().all(|pair| pair.text("categoryId") != category) {
            enter(state, entry, &category, user, now)?;
        }
    }
    show_categories(state, entry);
    Ok(())
}

fn key(category: &str, entry: &str) -> String {
    format!("{category}|{entry}")
}

fn pairs_of(state: &State, entry: &str) -> Vec<ObjectRow> {
    state.objects.of_kind(ObjectKind::CategoryEntry).filter(|pair| pair.text("entryId") == entry).cloned().collect()
}

/// Puts an entry into a category.
fn enter(
    state: &mut State,
    entry: &mut ObjectRow,
    category: &str,
    user: &str,
    now: i64,
) -> Result<ObjectRow, ApiError> {
    let category = category::of(state, entry.partner_id, category)?;
    let id = key(&category.id, &entry.id);
    let mut pair = new_row(state, ObjectKind::CategoryEntry, "KalturaCategoryEntry", entry.partner_id, &id, now);
    pair.set("categoryId", category.int("id"));
    pair.set("entryId", entry.id.as_str());
    pair.set("categoryFullIds", category.text("fullIds"));
    pair.set("creatorUserId", user);
    state.objects.put(pair.clone());
    category::count_entries(state, &category, 1);
    show_categories(state, entry);
    Ok(pair)
}

/// Takes an entry out of a category.
fn leave(state: &mut State, mut pair: ObjectRow) {
    pair.is_deleted = true;
    let category = state.objects.find(ObjectKind::Category, &pair.text("categoryId")).cloned();
    state.objects.put(pair);
    if let Some(category) = category {
        category::count_entries(state, &category, -1);
    }
}

/// Takes a deleted entry out of all its categories.
pub(super) fn leave_all(state: &mut State, entry: &str) {
    for pair in pairs_of(state, entry) {
        leave(state, pair);
    }
}

/// Takes all entries out of a deleted category. They still name it, until a background job of the server has run.
pub(super) fn empty(state: &mut State, category: &str) {
    let pairs = state.objects.of_kind(ObjectKind::CategoryEntry).filter(|pair| pair.text("categoryId") == category);
    for pair in pairs.cloned().collect::<Vec<_>>() {
        leave(state, pair);
    }
}

/// Writes the names and ids of its categories into an entry.
fn show_categories(state: &State, entry: &mut ObjectRow) {
    let account = state.account(entry.partner_id);
    if account.is_some_and(|account| account.features.iter().any(|feature| feature == ENTITLEMENT)) {
        return;
    }
    let ids: Vec<String> = pairs_of(state, &entry.id).iter().map(|pair| pair.text("categoryId")).collect();
    let name = |id: &String| state.objects.find(ObjectKind::Category, id).map(|row| row.text("fullName"));
    let names: Vec<String> = ids.iter().filter_map(name).collect();
    entry.set("categories", names.join(","));
    entry.set("categoriesIds", ids.join(","));
}
