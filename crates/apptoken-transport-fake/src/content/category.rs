//! Categories: a tree of names.

use serde_json::Value as Json;

use crate::actions::action::Call;
use crate::content::crud::{assign, check_update, found, given_object, new_row, put_deleted};
use crate::content::record::{new_record, record_as};
use crate::content::{Service, category_entry};
use crate::error::{self, ApiError, Failure};
use crate::model::collation::fold;
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::objects::validate;
use crate::output::Output;

/// How deep a tree of categories can be.
const MAX_DEPTH: i64 = 16;

pub(super) fn add(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let object = given_object(call)?;
    validate::not_null(object, "name")?;
    validate::for_insert(object)?;
    let (partner_id, now) = (call.partner_id(), call.now());
    let mut row = new_category(call.state, partner_id, now);
    let id = row.int("id");
    assign(&mut row, object);
    row.set("id", id);
    let hidden: Vec<&str> =
        ["parentId", "owner", "moderation"].into_iter().filter(|name| object.field(name).is_none()).collect();
    place(call.state, &mut row)?;
    let answer = new_record(call, &row, &hidden);
    put_new(call.state, row);
    Ok(answer)
}

pub(super) fn update(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let object = given_object(call)?;
    check_update(&row, object)?;
    let parent = row.int("parentId");
    assign(&mut row, object);
    // A move waits for a background job, which the fake does not have.
    row.set("parentId", parent);
    place(call.state, &mut row)?;
    row.set("updatedAt", call.now());
    let answer = record_as(call, &row, object.class.name);
    call.state.objects.put(row);
    Ok(answer)
}

/// Deletes a category with those below it.
pub(super) fn delete(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = found(call, service)?;
    delete_category(call.state, row, call.info.now);
    Ok(Output::Null)
}

pub(crate) fn delete_category(state: &mut State, row: ObjectRow, now: i64) {
    if let Some(mut parent) = state.objects.find(ObjectKind::Category, &row.text("parentId")).cloned() {
        parent.set("directSubCategoriesCount", parent.int("directSubCategoriesCount").saturating_sub(1));
        state.objects.put(parent);
    }
    let is_below = |each: &&ObjectRow| each.text("fullIds").split('>').any(|id| id == row.id);
    for each in state.objects.of_kind(ObjectKind::Category).filter(is_below).cloned().collect::<Vec<_>>() {
        category_entry::empty(state, &each.id);
        // The counts have changed meanwhile.
        if let Some(each) = state.objects.find(ObjectKind::Category, &each.id).cloned() {
            put_deleted(state, each, now);
        }
    }
}

/// The category with this id.
pub(super) fn of(state: &State, partner_id: i64, id: &str) -> Result<ObjectRow, ApiError> {
    let row = state.objects.find(ObjectKind::Category, id).filter(|row| row.is_of(partner_id)).cloned();
    row.ok_or_else(|| error::CATEGORY_NOT_FOUND.with(&[id]))
}

/// The id of the category with this full name. It and its ancestors are created if they do not exist.
pub(super) fn of_full_name(state: &mut State, partner_id: i64, name: &str, now: i64) -> Result<String, ApiError> {
    let mut parent = String::new();
    for part in name.split('>').map(str::trim).filter(|part| !part.is_empty()) {
        let is_wanted = |row: &&ObjectRow| {
            row.is_of(partner_id)
                && row.int("parentId").to_string() == parent_id(&parent)
                && fold(&row.text("name")) == fold(part)
        };
        let there = state.objects.of_kind(ObjectKind::Category).find(is_wanted).map(|row| row.id.clone());
        parent = match there {
            Some(id) => id,
            None => {
                let mut row = new_category(state, partner_id, now);
                row.set("name", part);
                row.set("parentId", crate::php::cast::text_to_int(&parent));
                place(state, &mut row)?;
                state.make_room()?;
                let id = row.id.clone();
                put_new(state, row);
                id
            }
        };
    }
    Ok(parent)
}

fn parent_id(id: &str) -> String {
    if id.is_empty() { "0".to_owned() } else { id.to_owned() }
}

pub(crate) fn new_category(state: &mut State, partner_id: i64, now: i64) -> ObjectRow {
    // A test can have given any id to a category.
    let mut id = state.objects.take_number();
    while state.objects.get(ObjectKind::Category, &id.to_string()).is_some() {
        id = state.objects.take_number();
    }
    let mut row = new_row(state, ObjectKind::Category, "KalturaCategory", partner_id, &id.to_string(), now);
    row.set("id", id);
    row
}

/// Sets what follows from the place of a category in the tree. Names are unique below one parent.
pub(crate) fn place(state: &State, row: &mut ObjectRow) -> Result<(), ApiError> {
    // Readers split a full name at this character.
    let name = row.text("name").replace('>', "_");
    let parent = match row.int("parentId") {
        0 => None,
        id => Some(of(state, row.partner_id, &id.to_string())?),
    };
    let under = |property: &str, own: &str| match &parent {
        Some(parent) => format!("{}>{own}", parent.text(property)),
        None => own.to_owned(),
    };
    let (full_name, full_ids) = (under("fullName", &name), under("fullIds", &row.id));
    let is_same = |other: &ObjectRow| {
        other.id != row.id
            && other.is_of(row.partner_id)
            && other.int("parentId") == row.int("parentId")
            && fold(&other.text("name")) == fold(&name)
    };
    if state.objects.of_kind(ObjectKind::Category).any(is_same) {
        return Err(error::DUPLICATE_CATEGORY.with(&[&full_name]));
    }
    let depth = parent.map_or(0, |parent| parent.int("depth").saturating_add(1));
    if depth > MAX_DEPTH {
        return Err(error::INTERNAL_SERVERL_ERROR.plain());
    }
    for (property, value) in [("name", Json::from(name)), ("depth", depth.into())] {
        row.set(property, value);
    }
    row.set("fullName", full_name);
    row.set("fullIds", full_ids);
    Ok(())
}

/// Stores a new category and counts it in its parent.
pub(crate) fn put_new(state: &mut State, row: ObjectRow) {
    if let Some(mut parent) = state.objects.find(ObjectKind::Category, &row.text("parentId")).cloned() {
        parent.set("directSubCategoriesCount", parent.int("directSubCategoriesCount").saturating_add(1));
        state.objects.put(parent);
    }
    state.objects.put(row);
}

/// Counts an entry that enters or leaves a category, in it and its ancestors.
pub(super) fn count_entries(state: &mut State, category: &ObjectRow, change: i64) {
    for id in category.text("fullIds").split('>') {
        let Some(mut row) = state.objects.find(ObjectKind::Category, id).cloned() else { continue };
        row.set("entriesCount", row.int("entriesCount").saturating_add(change));
        if row.id == category.id {
            row.set("directEntriesCount", row.int("directEntriesCount").saturating_add(change));
        }
        state.objects.put(row);
    }
}
