//! What services with stored objects have in common: get, list, update and delete.

use serde_json::Value as Json;

use crate::actions::action::Call;
use crate::actions::without_model;
use crate::content::filter::{self, Matcher};
use crate::content::record::{record, record_as};
use crate::content::{Service, defaults};
use crate::error::{self, ApiError, Failure};
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::objects::filter_pager::CLASS as PAGER;
use crate::objects::filter_pager::page;
use crate::objects::{FieldValue, Object, PropertyKind, validate};
use crate::output::{Output, Record};
use crate::php::cast::texts_are_equal;

pub(super) fn get(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    Ok(record(call, &found(call, service)?))
}

pub(super) fn list(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let filter = call.arguments.object("filter");
    validate::for_list(filter)?;
    list_of(call, matching(call, service, filter, Purpose::List))
}

/// One page of objects with their number.
pub(super) fn list_of(call: &Call<'_>, rows: Vec<&ObjectRow>) -> Result<Output, Failure> {
    let none = Object::empty(&PAGER);
    let pager = call.arguments.object("pager").unwrap_or(&none);
    validate::for_list(Some(pager))?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let objects = page(rows, Some(pager)).into_iter().map(|row| record(call, row)).collect();
    Ok(Record::new(call.action.returns, [("totalCount", total.into()), ("objects", Output::List(objects))]).into())
}

pub(super) fn update(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let object = given_object(call)?;
    check_update(&row, object)?;
    assign(&mut row, object);
    row.set("updatedAt", call.now());
    let answer = record_as(call, &row, object.class.name);
    call.state.objects.put(row);
    Ok(answer)
}

pub(super) fn delete(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = found(call, service)?;
    put_deleted(call.state, row, call.info.now);
    Ok(Output::Null)
}

/// Marks an object as deleted.
pub(super) fn put_deleted(state: &mut State, mut row: ObjectRow, now: i64) {
    (row.is_deleted, row.ready_at) = (true, None);
    row.set("status", 3);
    row.set("updatedAt", now);
    state.objects.put(row);
}

/// The object that the first parameter names, or the error that the catalog has for an unknown id.
pub(super) fn found(call: &Call<'_>, service: &Service) -> Result<ObjectRow, Failure> {
    let id = call.action.parameters.first().and_then(|parameter| call.arguments.shown(parameter.name));
    let row = call.state.objects.find(service.kind, &id.unwrap_or_default());
    match row.filter(|row| service.has(row) && is_accessible(call, row)).cloned() {
        Some(row) => Ok(row),
        None => Err(without_model::unknown_id(call)),
    }
}

/// Whether the caller can name this object. An entry can be read by everybody who has its id, and the assets of an entry
/// without a KS: the server then takes the account of the asset (`kCurrentContext::initPartnerByAssetId` in its source).
fn is_accessible(call: &Call<'_>, row: &ObjectRow) -> bool {
    let is_read = ["get", "serve"].iter().any(|verb| call.action.name.starts_with(verb));
    let is_public = call.context.session.is_none() || row.kind == ObjectKind::Entry;
    (row.is_of(call.partner_id()) || is_read && is_public) && is_own_token(call, row)
}

/// An upload token is seen by its user and by administrators.
fn is_own_token(call: &Call<'_>, row: &ObjectRow) -> bool {
    row.kind != ObjectKind::UploadToken || call.is_admin() || texts_are_equal(&row.text("userId"), user_id(call))
}

pub(super) fn user_id<'a>(call: &'a Call<'_>) -> &'a str {
    call.context.session.as_ref().map_or("", |session| session.user_id())
}

/// What the objects of a filter are for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    List,
    Count,
}

/// The objects that match a filter and that the caller sees.
pub(super) fn matching<'a>(
    call: &'a Call<'_>,
    service: &'static Service,
    filter: Option<&Object>,
    purpose: Purpose,
) -> Vec<&'a ObjectRow> {
    let matcher = Matcher::of(call.state, service.kind, filter);
    let sees = super::entry::visibility(call, filter, purpose);
    let is_wanted = |row: &&ObjectRow| {
        let is_listed = match service.kind {
            ObjectKind::Entry => sees(row),
            _ => !row.is_deleted,
        };
        let is_of_account = row.is_of(call.partner_id()) || call.context.session.is_none();
        service.has(row) && is_listed && is_of_account && is_own_token(call, row) && matcher.matches(row)
    };
    let mut rows: Vec<&ObjectRow> = call.state.objects.all().filter(is_wanted).collect();
    filter::sort(&mut rows, filter);
    rows
}

/// The object that the request gives.
pub(super) fn given_object<'a>(call: &Call<'a>) -> Result<&'a Object, ApiError> {
    let arguments = call.arguments;
    let parameter = call.action.parameters.iter().find(|parameter| arguments.object(parameter.name).is_some());
    arguments.mandatory_object(parameter.map_or("object", |parameter| parameter.name))
}

/// A new object with its defaults.
pub(super) fn new_row(
    state: &mut State,
    kind: ObjectKind,
    class: &str,
    partner_id: i64,
    id: &str,
    now: i64,
) -> ObjectRow {
    // An entry that returns to a category takes the place of its earlier, deleted assignment.
    let there = state.objects.get(kind, id).map(|row| row.number);
    let number = there.unwrap_or_else(|| state.objects.take_number());
    let mut row = ObjectRow {
        number,
        kind,
        id: id.to_owned(),
        partner_id,
        class: class.to_owned(),
        is_deleted: false,
        ready_at: None,
        properties: defaults::of(class),
        file: None,
    };
    row.set("id", id);
    row.set("partnerId", partner_id);
    row.set("createdAt", now);
    row.set("updatedAt", now);
    row
}

/// Sets the properties that a request gives.
pub(super) fn assign(row: &mut ObjectRow, object: &Object) {
    for (name, value) in &object.fields {
        let value = match value {
            FieldValue::Null => Json::Null,
            FieldValue::Int(number) => (*number).into(),
            FieldValue::Bool(value) => (*value).into(),
            FieldValue::Text(text) => match (*name, text.parse::<i64>()) {
                ("type", Ok(number)) => number.into(),
                _ => text.as_str().into(),
            },
            FieldValue::Opaque => continue,
        };
        row.set(name, value);
    }
}

/// Checks that a change does not set what only the server sets, or only a new object can have.
pub(super) fn check_update(row: &ObjectRow, object: &Object) -> Result<(), ApiError> {
    validate::for_update(object, |name| {
        let property = object.class.properties.iter().find(|property| property.name == name)?;
        let value = row.get(name)?;
        Some(match (property.kind, value) {
            (PropertyKind::Text | PropertyKind::TextEnum(_) | PropertyKind::TextOrList, _) => {
                FieldValue::Text(row.text(name))
            }
            (_, Json::Bool(value)) => FieldValue::Bool(*value),
            _ => FieldValue::Int(row.int(name)),
        })
    })
}

/// The error for a change of somebody else's object.
pub(super) fn not_owner() -> ApiError {
    error::INVALID_KS.with(&["", "-4", "INVALID_TYPE"])
}
